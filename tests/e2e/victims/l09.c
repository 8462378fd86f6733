/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L09: allocations far down. l09 TRUTH [DEPTH] */
#include "truth.h"

enum { DEEP, SHALLOW, SITES };
static struct truth_site sites[SITES] = {{.name = "deep"}, {.name = "shallow"}};

static NOINLINE void *deep(void)
{
	void *p = malloc(777);

	KEEP(p);
	truth_alloc(&sites[DEEP], 777);
	return p;
}

static NOINLINE void *shallow(void)
{
	void *p = malloc(33);

	KEEP(p);
	truth_alloc(&sites[SHALLOW], 33);
	return p;
}

static NOINLINE unsigned descend(unsigned levels)
{
	unsigned n = levels ? descend(levels - 1) : 0;

	if (!levels || levels % 1000 == 0) {
		free(deep());
		truth_free(&sites[DEEP], 777);
	}
	KEEP(&n);
	return n + 1;
}

int main(int argc, char **argv)
{
	unsigned levels = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10000;

	truth_open(argv[1]);
	KEEP(shallow());
	truth_line("depth %u\n", descend(levels));
	KEEP(shallow());
	truth_sites(sites, SITES);
	return 0;
}
