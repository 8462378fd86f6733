/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One half of the threads allocates, the other half frees: blocks of random sizes change hands in
 * batches, through one queue.
 *
 *	xmalloc_like SECONDS THREADS
 */
#include <pthread.h>
#include <stdbool.h>

#include "bench.h"

#define BATCH 256
#define QUEUE 64
#define MAX_THREADS 64

struct batch {
	struct batch *next;
	void *blocks[BATCH];
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more, less;
	struct batch *first;
	unsigned len, makers;
	uint64_t batches;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .more = PTHREAD_COND_INITIALIZER,
	    .less = PTHREAD_COND_INITIALIZER };
static double end;

static void give(struct batch *b)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.len == QUEUE)
		pthread_cond_wait(&queue.less, &queue.lock);
	b->next = queue.first;
	queue.first = b;
	queue.len++;
	pthread_cond_signal(&queue.more);
	pthread_mutex_unlock(&queue.lock);
}

/* A batch, or NULL when there will be none. */
static struct batch *take(void)
{
	struct batch *b;

	pthread_mutex_lock(&queue.lock);
	while (!queue.len && queue.makers)
		pthread_cond_wait(&queue.more, &queue.lock);
	b = queue.first;
	if (b) {
		queue.first = b->next;
		queue.len--;
		queue.batches++;
	}
	pthread_cond_signal(&queue.less);
	pthread_mutex_unlock(&queue.lock);
	return b;
}

static void *make(void *arg)
{
	uint64_t state = 88172645463325252u + *(unsigned *)arg;

	while (bench_clock(CLOCK_MONOTONIC) < end) {
		struct batch *b = malloc(sizeof(*b));

		for (unsigned i = 0; b && i < BATCH; i++) {
			b->blocks[i] = malloc(8 + bench_random(&state) % 256);
			if (!b->blocks[i])
				abort();
			*(char *)b->blocks[i] = 1;
		}
		give(b);
	}
	pthread_mutex_lock(&queue.lock);
	queue.makers--;
	pthread_cond_broadcast(&queue.more);
	pthread_mutex_unlock(&queue.lock);
	return NULL;
}

static void *use(void *arg)
{
	struct batch *b;

	(void)arg;
	while ((b = take())) {
		for (unsigned i = 0; i < BATCH; i++)
			free(b->blocks[i]);
		free(b);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned n_threads = (unsigned)bench_argument(argc, argv, 2, 2), numbers[MAX_THREADS];
	struct bench_time begin = bench_now();
	pthread_t threads[MAX_THREADS];

	if (n_threads < 2 || n_threads > MAX_THREADS)
		return 2;
	end = begin.wall + bench_argument(argc, argv, 1, 0.7);
	queue.makers = n_threads / 2;
	for (unsigned i = 0; i < n_threads; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, i < n_threads / 2 ? make : use, &numbers[i]))
			return 1;
	}
	for (unsigned i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	bench_print(begin, queue.batches * (BATCH + 1) * 2, queue.batches * BATCH);
	return 0;
}
