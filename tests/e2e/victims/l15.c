/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * L15: stacks of known functions, in frames that are hard without tables: variable size, callbacks,
 * big, many arguments. Each site is called by its own chain of functions; l15 TRUTH
 */
#include <alloca.h>
#include <string.h>

#include "truth.h"

#define ROUNDS 50

static struct truth_site sites[] = {
	{ .name = "leaf_plain" },
	{ .name = "leaf_dynamic" },
	{ .name = "leaf_callback" },
	{ .name = "leaf_large" },
};

static void *keep(unsigned site, void *p, size_t size)
{
	truth_alloc(&sites[site], size);
	KEEP(p);
	return p;
}

static NOINLINE void *leaf_plain(size_t n)
{
	return keep(0, malloc(n), n);
}

static NOINLINE void *leaf_dynamic(size_t n)
{
	return keep(1, malloc(n), n);
}

static NOINLINE void *leaf_callback(size_t n)
{
	return keep(2, malloc(n), n);
}

static NOINLINE void *leaf_large(size_t n)
{
	return keep(3, malloc(n), n);
}

static NOINLINE int middle_plain(int a, int b, int c, int d, int e, int f)
{
	void *p = a ? leaf_plain((size_t)(a + b + c)) : NULL;

	KEEP(p);
	return d + e + f;
}

static NOINLINE int middle_dynamic(size_t n)
{
	char *room = alloca(n);

	memset(room, 1, n);
	KEEP(room);
	KEEP(leaf_dynamic(n));
	return room[n / 2];
}

static int middle_callback(const void *a, const void *b)
{
	int r = *(const int *)a - *(const int *)b;

	KEEP(leaf_callback(24));
	return r;
}

static NOINLINE int middle_large(int n)
{
	char room[40000];

	memset(room, n, sizeof room);
	KEEP(room);
	KEEP(leaf_large((size_t)n));
	return room[n];
}

static NOINLINE int outer(int n)
{
	int v[2] = { n, 1 }, sum;

	sum = middle_plain(n + 1, 2, 3, 4, 5, 6) + middle_dynamic((size_t)n + 16);
	qsort(v, 2, sizeof v[0], middle_callback);
	KEEP(v);
	return sum + middle_large(n + 10);
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (argc < 2)
		return 2;
	for (int i = 0; i < ROUNDS; i++)
		sum += outer(i);
	truth_open(argv[1]);
	truth_sites(sites, sizeof sites / sizeof sites[0]);
	return sum == 0;
}
