/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unload SECONDS LIB...: opens all libraries and closes them, again and again, while two other
 * threads allocate.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_LIBS 16

static volatile int stop;

static void *churn(void *unused)
{
	while (!stop) {
		void *p[64];

		for (int i = 0; i < 64; i++)
			p[i] = malloc((size_t)(32 + i));
		for (int i = 0; i < 64; i++)
			free(p[i]);
	}
	return unused;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + atoi(argv[1]);
	void *libs[MAX_LIBS];
	pthread_t threads[2];
	long rounds = 0;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, churn, NULL);
	while (time(NULL) < end) {
		int n = 0;

		for (int i = 2; i < argc && n < MAX_LIBS; i++) {
			libs[n] = dlopen(argv[i], RTLD_NOW);
			if (!libs[n])
				return 1;
			n++;
		}
		while (n)
			dlclose(libs[--n]);
		rounds++;
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%d\n", rounds > 10);
	return 0;
}
