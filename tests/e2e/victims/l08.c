/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * L08: what threads do when they end: destructors that allocate in each of their rounds, and the
 * buffers of strerror and dlerror that the libc frees after the last of them. l08 TRUTH [THREADS]
 */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "truth.h"

#define ROUNDS 4 /* PTHREAD_DESTRUCTOR_ITERATIONS of glibc and musl */

enum { FIRST, AGAIN, SITES };
static struct truth_site sites[SITES] = {{.name = "first_value"}, {.name = "next_value"}};
static pthread_key_t key[3];

static NOINLINE void *first_value(void)
{
	void *p = malloc(101);

	KEEP(p);
	return p;
}

static NOINLINE void *next_value(void)
{
	void *p = malloc(103);

	KEEP(p);
	return p;
}

static __thread unsigned rounds;

/* Gives back the value and makes another, so that there is another round; the last stays. */
static void end_value(void *p)
{
	free(p);
	rounds++;
	pthread_setspecific(key[0], next_value());
}

static void end_other(void *p)
{
	free(p);
}

static NOINLINE void use_strerror(void)
{
	KEEP(strerror(987654));
	KEEP(&rounds);
}

static NOINLINE void use_dlopen(void)
{
	KEEP(dlopen("/nowhere/at/all.so", RTLD_NOW));
	KEEP(&rounds);
}

static void *live(void *arg)
{
	pthread_setspecific(key[0], first_value());
	pthread_setspecific(key[1], first_value());
	pthread_setspecific(key[2], first_value());
	use_strerror();
	use_dlopen();
	return arg;
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;

	truth_open(argv[1]);
	pthread_key_create(&key[0], end_value);
	pthread_key_create(&key[1], end_other);
	pthread_key_create(&key[2], end_other);
	for (size_t i = 0; i < n; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, live, NULL))
			_exit(3);
		pthread_join(t, NULL);
		for (int k = 0; k < 3; k++) {
			truth_alloc(&sites[FIRST], 101);
			truth_free(&sites[FIRST], 101);
		}
		for (int k = 0; k < ROUNDS; k++) {
			truth_alloc(&sites[AGAIN], 103);
			if (k < ROUNDS - 1)
				truth_free(&sites[AGAIN], 103);
		}
	}
	truth_sites(sites, SITES);
	truth_line("threads %zu\n", n);
	return 0;
}
