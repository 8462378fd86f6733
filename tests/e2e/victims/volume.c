/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sites of blocks small, middling, large, resized and empty. volume TRUTH [ROUNDS] */
#include <pthread.h>

#include "truth.h"

#define SLOTS 2000
/* Blocks of these sizes are counted apart: for --min-size and --max-size. */
#define LEAST 1000
#define MOST 5000

enum { SMALL, MIDDLE, LARGE, GROWN, EMPTY, SITES };

static NOINLINE void *site_small(void *old, size_t size)
{
	void *p = malloc(size);

	(void)old;
	KEEP(p);
	return p;
}

static NOINLINE void *site_middle(void *old, size_t size)
{
	void *p = calloc(1, size);

	(void)old;
	KEEP(p);
	return p;
}

static NOINLINE void *site_large(void *old, size_t size)
{
	void *p = malloc(size);

	(void)old;
	KEEP(p);
	return p;
}

static NOINLINE void *site_grown(void *old, size_t size)
{
	void *p = realloc(old, size);

	KEEP(p);
	return p;
}

static NOINLINE void *site_empty(void *old, size_t size)
{
	void *p = malloc(size);

	(void)old;
	KEEP(p);
	return p;
}

static void *(*const site[SITES])(void *, size_t) = { site_small, site_middle, site_large,
						      site_grown, site_empty };
static struct truth_site truth[SITES] = { { .name = "site_small" },
					  { .name = "site_middle" },
					  { .name = "site_large" },
					  { .name = "site_grown" },
					  { .name = "site_empty" } };
static struct {
	void *p;
	unsigned site, size;
} slot[SLOTS];
static count ranged_calls, ranged_bytes;
static unsigned random_state = 1;

static NOINLINE void drop(void *p)
{
	free(p);
	KEEP(p);
}

static unsigned size_of(unsigned s)
{
	unsigned r = truth_random(&random_state);

	switch (s) {
	case SMALL: return 16 + r % 64;
	case MIDDLE: return 1000 + r % 2000;
	case LARGE: return 400000;
	case GROWN: return 1 + r % 6000;
	default: return 0;
	}
}

static void acquire(unsigned k, unsigned s)
{
	slot[k].site = s;
	slot[k].size = size_of(s);
	slot[k].p = site[s](slot[k].p, slot[k].size);
	truth_alloc(&truth[s], slot[k].size);
	if (slot[k].size >= LEAST && slot[k].size <= MOST) {
		ranged_calls++;
		ranged_bytes += slot[k].size;
	}
}

/* Mostly small ones, a few large. */
static unsigned choose(void)
{
	unsigned r = truth_random(&random_state) % 100;

	return r < 70 ? SMALL : r < 85 ? MIDDLE : r < 97 ? GROWN : r < 98 ? LARGE : EMPTY;
}

static void step(void)
{
	unsigned k = truth_random(&random_state) % SLOTS;

	if (slot[k].p) {
		truth_free(&truth[slot[k].site], slot[k].size);
		if (slot[k].site != GROWN || truth_random(&random_state) % 2) {
			drop(slot[k].p);
			slot[k].p = NULL;
			return;
		}
		acquire(k, GROWN);
		return;
	}
	acquire(k, choose());
}

static void *work(void *rounds)
{
	for (count i = *(count *)rounds; i > 0; i--)
		step();
	return NULL;
}

int main(int argc, char **argv)
{
	count rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;
	pthread_t thread;

	truth_open(argv[1]);
	work(&rounds);
	/* one after the other, so that each run is the same */
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, work, &rounds);
		pthread_join(thread, NULL);
	}
	truth_sites(truth, SITES);
	truth_line("ranged %llu %llu\n", ranged_calls, ranged_bytes);
	return 0;
}
