/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L04: realloc(p, 0), again and again: a free or a new block, as the libc has it. l04 TRUTH [TIMES] */
#include <errno.h>

#include "truth.h"

enum { MAKE, SHRINK, SITES };
static struct truth_site sites[SITES] = {{.name = "make"}, {.name = "shrink"}};

static NOINLINE void *make(void)
{
	void *p = malloc(32);

	KEEP(p);
	truth_alloc(&sites[MAKE], 32);
	return p;
}

static NOINLINE void shrink(void *old, count *nulls, count *errors)
{
	void *p;

	errno = 0;
	p = realloc(old, 0);
	KEEP(p);
	truth_free(&sites[MAKE], 32);
	*nulls += !p;
	*errors += errno != 0;
	if (p)
		truth_alloc(&sites[SHRINK], 0);
}

int main(int argc, char **argv)
{
	count times = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000, nulls = 0, errors = 0;
	static char out[1024];

	setvbuf(stdout, out, _IOFBF, sizeof out);
	truth_open(argv[1]);
	for (count i = 0; i < times; i++)
		shrink(make(), &nulls, &errors);
	truth_sites(sites, SITES);
	printf("%llu of %llu gave NULL, %llu set errno\n", nulls, times, errors);
	fflush(stdout);
	return 0;
}
