/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * L05: threads that free each other's blocks: each puts a new block into a slot that all share, and
 * frees what was there. l05 TRUTH [THREADS [BLOCKS]]
 */
#include <pthread.h>
#include <string.h>

#include "truth.h"

#define THREADS 64
#define SITES 16
#define SLOTS 1024

#define SITE(n)                                        \
	static NOINLINE void *work_##n(size_t size)    \
	{                                              \
		void *p = malloc(size);                \
		KEEP(p);                               \
		return p;                              \
	}
#define ALL(X) X(00) X(01) X(02) X(03) X(04) X(05) X(06) X(07) X(08) X(09) X(10) X(11) X(12) X(13) \
	X(14) X(15)
ALL(SITE)
#define ENTRY(n) {"work_" #n, work_##n},
static const struct {
	const char *name;
	void *(*call)(size_t);
} site[SITES] = {ALL(ENTRY)};

struct block {
	unsigned site, size;
};

static struct block *slots[SLOTS];
/* one table per thread: no locks, no lost counts */
static struct truth_site books[THREADS][SITES];
static count blocks = 100000, foreign[THREADS];
static pthread_barrier_t start;

static void *work(void *arg)
{
	unsigned me = (unsigned)(size_t)arg, random = me + 1;
	struct truth_site *mine = books[me];

	pthread_barrier_wait(&start);
	for (count i = 0; i < blocks; i++) {
		unsigned s = truth_random(&random) % SITES;
		unsigned size = (unsigned)sizeof(struct block) + truth_random(&random) % 100;
		struct block *b = site[s].call(size), *old;

		b->site = s;
		b->size = size;
		truth_alloc(&mine[s], size);
		old = __atomic_exchange_n(&slots[truth_random(&random) % SLOTS], b, __ATOMIC_ACQ_REL);
		if (old) {
			truth_free(&mine[old->site], old->size);
			free(old);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argc > 2 ? strtoul(argv[2], NULL, 10) : THREADS;
	static pthread_t t[THREADS];
	static struct truth_site sum[SITES];

	if (argc > 3)
		blocks = strtoull(argv[3], NULL, 10);
	truth_open(argv[1]);
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, (void *)i))
			return 1;
	for (size_t i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	for (unsigned s = 0; s < SITES; s++) {
		sum[s].name = site[s].name;
		for (size_t i = 0; i < threads; i++) {
			sum[s].calls += books[i][s].calls;
			sum[s].bytes += books[i][s].bytes;
			sum[s].freed_blocks += books[i][s].freed_blocks;
			sum[s].freed_bytes += books[i][s].freed_bytes;
		}
	}
	truth_sites(sum, SITES);
	return 0;
}
