/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads in a ring: each allocates a block, hands it to the next one as fast as memory can, and
 * frees what it got. One arena and sizes beyond the threads' caches: an address goes around, too.
 * The first thread works alone for a while. order TRUTH THREADS ROUNDS
 */
#include <malloc.h>
#include <pthread.h>
#include <sched.h>

#include "truth.h"

#define THREADS 8
#define SITES 4
#define SPINS 200

#define SITE(n)                                     \
	static NOINLINE void *pass_##n(size_t size) \
	{                                           \
		void *p = malloc(size);             \
		KEEP(p);                            \
		return p;                           \
	}
SITE(0) SITE(1) SITE(2) SITE(3)
static const struct {
	const char *name;
	void *(*call)(size_t);
} site[SITES] = {{"pass_0", pass_0}, {"pass_1", pass_1}, {"pass_2", pass_2}, {"pass_3", pass_3}};

struct block {
	unsigned site, size;
};

static struct {
	struct block *block;
	char apart[56];
} box[THREADS] __attribute__((aligned(64)));
static struct truth_site books[THREADS][SITES];
static size_t threads;
static count rounds;

static struct block *make(unsigned me, unsigned *random)
{
	unsigned s = truth_random(random) % SITES, size = 1100 + truth_random(random) % 3 * 500;
	struct block *b = site[s].call(size);

	b->site = s;
	b->size = size;
	truth_alloc(&books[me][s], size);
	return b;
}

static void destroy(unsigned me, struct block *b)
{
	truth_free(&books[me][b->site], b->size);
	free(b);
}

static void put(size_t to, struct block *b)
{
	for (unsigned i = 0; __atomic_load_n(&box[to].block, __ATOMIC_ACQUIRE); i++)
		if (i % SPINS == SPINS - 1)
			sched_yield();
	__atomic_store_n(&box[to].block, b, __ATOMIC_RELEASE);
}

static struct block *get(size_t me)
{
	struct block *b;

	for (unsigned i = 0; !(b = __atomic_load_n(&box[me].block, __ATOMIC_ACQUIRE)); i++)
		if (i % SPINS == SPINS - 1)
			sched_yield();
	__atomic_store_n(&box[me].block, NULL, __ATOMIC_RELEASE);
	return b;
}

static void *work(void *arg)
{
	unsigned me = (unsigned)(size_t)arg, random = me + 1;

	for (count i = 0; i < rounds; i++) {
		put((me + 1) % threads, make(me, &random));
		destroy(me, get(me));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct truth_site sum[SITES];
	static pthread_t t[THREADS];
	unsigned random = 4711;

	if (argc < 4)
		return 2;
	threads = strtoul(argv[2], NULL, 10);
	rounds = strtoull(argv[3], NULL, 10);
	truth_open(argv[1]);
	if (threads > THREADS)
		return 2;
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
	for (int i = 0; i < 1000; i++)
		destroy(0, make(0, &random));
	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, (void *)i))
			return 1;
	work((void *)0);
	for (size_t i = 1; i < threads; i++)
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
