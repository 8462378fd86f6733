/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failrace SECONDS LIB: opens LIB, which cannot be loaded, again and again, while two threads
 * allocate from generated code.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "generated.h"

static volatile int stop;

static void *churn(void *unused)
{
	while (!stop) {
		generated_call *f = generated_make();

		for (int i = 0; i < 20; i++)
			free(f(40, malloc));
		generated_drop(f);
	}
	return unused;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + atoi(argv[1]);
	pthread_t threads[2];
	long rounds = 0;

	(void)argc;
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, churn, NULL))
			return 1;
	while (time(NULL) < end) {
		if (dlopen(argv[2], RTLD_NOW))
			return 2;
		rounds++;
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%d\n", rounds > 10);
	return 0;
}
