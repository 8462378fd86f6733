/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T15: calls that succeed leave errno alone, in every thread. t15 TRUTH */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>

#include "truth.h"

#define BEFORE 12345
#define ROUNDS 3000

static struct truth_site sites[1] = {{.name = "churn"}};
static volatile size_t huge = PTRDIFF_MAX;

static void check(const char *what)
{
	if (errno != BEFORE)
		printf("%s: errno became %d\n", what, errno);
	errno = BEFORE;
}

static NOINLINE void churn(struct truth_site *s)
{
	void *p = malloc(50), *q = NULL;

	check("malloc");
	p = realloc(p, 5000);
	check("realloc");
	p = realloc(p, 200000);
	check("realloc to more");
	p = realloc(p, 3);
	check("realloc to less");
	free(p);
	check("free");
	p = calloc(3, 7);
	check("calloc");
	free(p);
	check("free");
	if (posix_memalign(&q, 64, 64))
		printf("posix_memalign failed\n");
	check("posix_memalign");
	if (malloc_usable_size(q) < 64)
		printf("usable size\n");
	check("malloc_usable_size");
	free(q);
	p = memalign(32, 10);
	check("memalign");
	free(p);
	p = malloc(1 << 20);
	check("malloc of much");
	free(p);
	check("free of much");
	free(NULL);
	check("free of NULL");
	for (count bytes = 0, i = 0; i < 8; i++) {
		static const unsigned size[] = {50, 5000, 200000, 3, 21, 64, 10, 1 << 20};

		bytes = size[i];
		truth_alloc(s, bytes);
		truth_free(s, bytes);
	}
	KEEP(p);
}

static void *thread(void *arg)
{
	errno = BEFORE;
	for (int i = 0; i < ROUNDS; i++)
		churn(arg);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct truth_site books[4];
	pthread_t t[4];

	(void)argc;
	truth_open(argv[1]);
	thread(&sites[0]);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, thread, &books[i]))
			_exit(3);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		sites[0].calls += books[i].calls;
		sites[0].bytes += books[i].bytes;
		sites[0].freed_blocks += books[i].freed_blocks;
		sites[0].freed_bytes += books[i].freed_bytes;
	}
	errno = BEFORE;
	KEEP(malloc(huge + 1));
	printf("after a call that fails: %d\n", errno);
	truth_sites(sites, 1);
	return 0;
}
