/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server's threads: each takes an array of blocks, replaces random ones by blocks of random
 * sizes, and leaves the array to whichever thread comes next; so blocks are freed by threads that
 * did not allocate them, and threads end and begin.
 *
 *	larson_like SECONDS THREADS
 */
#include <pthread.h>

#include "bench.h"

#define BLOCKS 1000
#define STEPS 20000
#define SMALLEST 10
#define LARGEST 500
#define MAX_THREADS 64

struct array {
	void *blocks[BLOCKS];
	uint64_t state, steps;
};

static struct array arrays[2 * MAX_THREADS];
static double end;

/* The life of one thread: a turn at one array. */
static void *turn(void *arg)
{
	struct array *a = arg;

	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t random = bench_random(&a->state);
		size_t size = SMALLEST + (random >> 32) % (LARGEST - SMALLEST);
		void **slot = &a->blocks[random % BLOCKS];

		free(*slot);
		*slot = malloc(size);
		if (!*slot)
			abort();
		memset(*slot, 1, 8);
	}
	a->steps += STEPS;
	return NULL;
}

/* A line of threads, one after the other, at one array and the next. */
static void *line(void *arg)
{
	struct array *mine = arg;

	for (unsigned n = 0; bench_clock(CLOCK_MONOTONIC) < end; n++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, turn, &mine[n % 2]))
			abort();
		pthread_join(thread, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned n_threads = (unsigned)bench_argument(argc, argv, 2, 2);
	struct bench_time begin = bench_now();
	pthread_t threads[MAX_THREADS];
	uint64_t steps = 0;

	if (!n_threads || n_threads > MAX_THREADS)
		return 2;
	end = begin.wall + bench_argument(argc, argv, 1, 0.7);
	for (unsigned i = 0; i < 2 * n_threads; i++) {
		arrays[i].state = 88172645463325252u + i;
		turn(&arrays[i]);
	}
	for (unsigned i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], NULL, line, &arrays[2 * i]))
			return 1;
	for (unsigned i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < 2 * n_threads; i++)
		steps += arrays[i].steps;
	bench_print(begin, steps * 2, steps);
	return 0;
}
