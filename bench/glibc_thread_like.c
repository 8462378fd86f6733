/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads that do not meet: each has bins of its own, frees the block of a random one and puts
 * one of a random size there, mostly a small one.
 *
 *	glibc_thread_like SECONDS THREADS
 */
#include <pthread.h>

#include "bench.h"

#define BINS 1024
#define STEPS 1000
#define MAX_THREADS 64

struct worker {
	pthread_t thread;
	uint64_t state, steps;
	void *bins[BINS];
};

static double end;

/* One in 32 is large. */
static size_t random_size(uint64_t random)
{
	return 16 + (random >> 40) % (random >> 32 & 31 ? 256 : 16384);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (bench_clock(CLOCK_MONOTONIC) < end) {
		for (unsigned i = 0; i < STEPS; i++) {
			uint64_t random = bench_random(&w->state);
			size_t size = random_size(random);
			void **bin = &w->bins[random % BINS];

			free(*bin);
			*bin = malloc(size);
			if (!*bin)
				abort();
			((char *)*bin)[0] = ((char *)*bin)[size - 1] = 1;
		}
		w->steps += STEPS;
	}
	for (unsigned i = 0; i < BINS; i++)
		free(w->bins[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[MAX_THREADS];
	unsigned n_threads = (unsigned)bench_argument(argc, argv, 2, 2);
	struct bench_time begin = bench_now();
	uint64_t steps = 0;

	if (!n_threads || n_threads > MAX_THREADS)
		return 2;
	end = begin.wall + bench_argument(argc, argv, 1, 0.7);
	for (unsigned i = 0; i < n_threads; i++) {
		workers[i].state = 88172645463325252u + i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	}
	for (unsigned i = 0; i < n_threads; i++) {
		pthread_join(workers[i].thread, NULL);
		steps += workers[i].steps;
	}
	bench_print(begin, steps * 2, steps);
	return 0;
}
