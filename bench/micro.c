/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one malloc() and free() cost, at a given depth of real calls.
 *
 *	micro PAIRS DEPTH STACKS MODE
 *
 * STACKS 1: DEPTH calls down, then all PAIRS from there. More: each pair goes down by itself along
 * one of STACKS different ways, chosen at random, and up again. MODE: 1 or 2 threads, each with
 * half the pairs; "handoff": one thread allocates, another frees, 256 blocks at a time.
 */
#include <pthread.h>
#include <stdbool.h>

#include "bench.h"

#define BATCH 256
#define RING 8

/* What the frames of one thread pass down. */
struct walk {
	uint64_t pairs, stacks, random;
	unsigned depth;
	bool only_alloc;
	void *block;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void *blocks[RING][BATCH];
	unsigned made, freed;
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void put(void *block)
{
	static unsigned n;

	ring.blocks[ring.made % RING][n++] = block;
	if (n < BATCH)
		return;
	n = 0;
	pthread_mutex_lock(&ring.lock);
	ring.made++;
	pthread_cond_signal(&ring.changed);
	while (ring.made - ring.freed == RING)
		pthread_cond_wait(&ring.changed, &ring.lock);
	pthread_mutex_unlock(&ring.lock);
}

/* Without the barrier, the compiler knows that malloc() and free() cancel out. */
static void pair(struct walk *w)
{
	w->block = malloc(48);
	__asm__ volatile("" : : "r"(w) : "memory");
	if (w->only_alloc)
		put(w->block);
	else
		free(w->block);
}

/* In the innermost frame: all the pairs of one stack, or the one of this. */
static inline void bottom(struct walk *w)
{
	uint64_t n = w->stacks == 1 ? w->pairs : 1;

	while (n--)
		pair(w);
}

static void down(struct walk *w, unsigned depth, uint64_t way);

/* Four callers for each level. The barrier keeps the call from becoming a jump. */
#define LEVEL(name)                                                                              \
	__attribute__((noinline)) static void name(struct walk *w, unsigned depth, uint64_t way) \
	{                                                                                        \
		if (depth)                                                                       \
			down(w, depth, way);                                                     \
		else                                                                             \
			bottom(w);                                                               \
		__asm__ volatile("" ::: "memory");                                               \
	}

LEVEL(level_a)
LEVEL(level_b)
LEVEL(level_c)
LEVEL(level_d)

/* Two bits of the way for each level, the lowest first: part of the level's own frame. */
__attribute__((always_inline)) static inline void down(struct walk *w, unsigned depth, uint64_t way)
{
	static void (*const levels[])(struct walk *, unsigned, uint64_t) = { level_a, level_b,
									     level_c, level_d };

	levels[way & 3](w, depth - 1, way >> 2 | way << 62);
}

/* A different way for each stack: its number in the 10 lowest bits, mixed into the others. */
static uint64_t way_of(uint64_t stack)
{
	return stack | stack * 0x9e3779b97f4a7c15 << 10;
}

static void *run(void *arg)
{
	struct walk *w = arg;

	if (w->stacks == 1) {
		down(w, w->depth, 0x39c5a3);
		return NULL;
	}
	for (uint64_t i = 0; i < w->pairs; i++)
		down(w, w->depth, way_of(bench_random(&w->random) % w->stacks));
	return NULL;
}

static void *free_all(void *arg)
{
	uint64_t pairs = *(uint64_t *)arg;

	for (uint64_t done = 0; done < pairs; done += BATCH) {
		pthread_mutex_lock(&ring.lock);
		while (ring.made == ring.freed)
			pthread_cond_wait(&ring.changed, &ring.lock);
		pthread_mutex_unlock(&ring.lock);
		for (unsigned i = 0; i < BATCH; i++)
			free(ring.blocks[ring.freed % RING][i]);
		pthread_mutex_lock(&ring.lock);
		ring.freed++;
		pthread_cond_signal(&ring.changed);
		pthread_mutex_unlock(&ring.lock);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	uint64_t pairs = (uint64_t)bench_argument(argc, argv, 1, 2e6) / (2 * BATCH) * 2 * BATCH;
	const char *mode = argc > 4 ? argv[4] : "1";
	bool handoff = !strcmp(mode, "handoff"), two = handoff || !strcmp(mode, "2");
	struct walk w[2] = { { .pairs = two && !handoff ? pairs / 2 : pairs,
			       .stacks = (uint64_t)bench_argument(argc, argv, 3, 1),
			       .depth = (unsigned)bench_argument(argc, argv, 2, 20),
			       .only_alloc = handoff,
			       .random = 88172645463325252u } };
	struct bench_time begin;
	pthread_t thread;

	w[1] = w[0];
	w[1].random++;
	if (w[0].depth < 1 || w[0].stacks < 1 || w[0].stacks > 1024)
		return 2;
	begin = bench_now();
	if (two && pthread_create(&thread, NULL, handoff ? free_all : run,
				  handoff ? (void *)&pairs : &w[1]))
		return 1;
	run(&w[0]);
	if (two)
		pthread_join(thread, NULL);
	bench_print(begin, pairs * 2, 0);
	return 0;
}
