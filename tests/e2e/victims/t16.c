/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T16: allocations around the dynamic linker's lock, while three threads allocate: two of them from
 * generated code, where the CPU is known, so that their pcs lie in no module.
 *
 * t16 ROUNDS OPENER BROKEN: OPENER's constructor opens a third library (t16lib.c); BROKEN cannot be
 * loaded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generated.h"

#define CHURNERS 3

static volatile int stop;
static int walked;

static void *churn(void *generated)
{
	while (!stop) {
		generated_call *f = generated ? generated_make() : generated_not;

		for (size_t i = 0; i < 20; i++)
			free(f(40 + i, malloc));
		generated_drop(f);
	}
	return NULL;
}

static int walk(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	free(generated_not(100 + strlen(info->dlpi_name), malloc));
	walked++;
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = atoi(argv[1]), opened = 0, failed = 0, called = 0;
	pthread_t threads[CHURNERS];

	(void)argc;
	for (int i = 0; i < CHURNERS; i++)
		if (pthread_create(&threads[i], NULL, churn, i ? argv : NULL))
			return 1;
	for (int i = 0; i < rounds; i++) {
		void *h = dlopen(argv[2], RTLD_NOW);
		void *(*alloc)(size_t);

		dl_iterate_phdr(walk, NULL);
		failed += !dlopen(argv[3], RTLD_NOW);
		opened += h != NULL;
		alloc = h ? (void *(*)(size_t))dlsym(h, "alloc_in_opener") : NULL;
		if (alloc) {
			free(alloc(70));
			called++;
		}
		if (h)
			dlclose(h);
	}
	stop = 1;
	for (int i = 0; i < CHURNERS; i++)
		pthread_join(threads[i], NULL);
	printf("opened %d, called %d, failed %d, walked %d\n", opened, called, failed, walked > rounds);
	return 0;
}
