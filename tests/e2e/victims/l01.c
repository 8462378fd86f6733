/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L01: a script of malloc, realloc and free from 200 sites. l01 TRUTH [EVENTS] */
#include "truth.h"

#define SITES 200
#define SLOTS 4096

#define SITE(n)                                                         \
	static NOINLINE void *site_##n(void *old, size_t size)          \
	{                                                               \
		void *p = old ? realloc(old, size) : malloc(size);      \
		KEEP(p);                                                \
		return p;                                               \
	}
#define TEN(X, t) X(t##0) X(t##1) X(t##2) X(t##3) X(t##4) X(t##5) X(t##6) X(t##7) X(t##8) X(t##9)
#define HUNDRED(X, h) TEN(X, h##0) TEN(X, h##1) TEN(X, h##2) TEN(X, h##3) TEN(X, h##4) \
	TEN(X, h##5) TEN(X, h##6) TEN(X, h##7) TEN(X, h##8) TEN(X, h##9)
HUNDRED(SITE, 0)
HUNDRED(SITE, 1)

#define ENTRY(n) {"site_" #n, site_##n},
static const struct {
	const char *name;
	void *(*call)(void *, size_t);
} site[SITES] = {HUNDRED(ENTRY, 0) HUNDRED(ENTRY, 1)};

static struct truth_site truth[SITES];
static struct {
	void *p;
	unsigned site, size;
	int used;
} slot[SLOTS];

static count live, peak, allocs, frees, bytes, peak_event;
static struct truth_site at_peak[SITES];

static void acquire(unsigned k, unsigned s, unsigned size)
{
	slot[k].used = 1;
	slot[k].site = s;
	slot[k].size = size;
	truth_alloc(&truth[s], size);
	live += size;
	bytes += size;
	allocs++;
}

static void release(unsigned k)
{
	truth_free(&truth[slot[k].site], slot[k].size);
	live -= slot[k].size;
	slot[k].used = 0;
	frees++;
}

static void step(unsigned *random, int real)
{
	unsigned k = truth_random(random) % SLOTS, s = truth_random(random) % SITES;
	unsigned size = truth_random(random) % 512, kind = truth_random(random) % 8;

	/* size 0 is malloc's business; realloc(p, 0) is L04's */
	if (slot[k].used && kind < 4) {
		if (real)
			free(slot[k].p);
		release(k);
	} else if (slot[k].used) {
		size++;
		if (real)
			slot[k].p = site[s].call(slot[k].p, size);
		release(k);
		acquire(k, s, size);
	} else {
		if (real)
			slot[k].p = site[s].call(NULL, size);
		acquire(k, s, size);
	}
}

static void play(count events, int real)
{
	unsigned random = 1;

	for (unsigned s = 0; s < SITES; s++)
		truth[s] = (struct truth_site){.name = site[s].name};
	for (unsigned k = 0; k < SLOTS; k++)
		slot[k].used = 0;
	live = allocs = frees = bytes = 0;
	for (count i = 0; i < events; i++) {
		step(&random, real);
		if (!real && live > peak) {
			peak = live;
			peak_event = i;
		}
		if (real && i == peak_event)
			for (unsigned s = 0; s < SITES; s++)
				at_peak[s] = truth[s];
	}
}

int main(int argc, char **argv)
{
	count events = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;

	play(events, 0);
	play(events, 1);
	truth_open(argv[1]);
	truth_sites(truth, SITES);
	truth_line("totals %llu %llu %llu %llu %llu\n", allocs, frees, bytes, live, peak);
	for (unsigned s = 0; s < SITES; s++)
		truth_line("peak_%s %llu %llu\n", truth[s].name,
			   at_peak[s].bytes - at_peak[s].freed_bytes,
			   at_peak[s].calls - at_peak[s].freed_blocks);
	return 0;
}
