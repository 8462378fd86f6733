/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T10: puts on a seccomp filter that kills for all but a few calls, then allocates: in loops, deeper
 * down than before, and from generated code, whose pcs are in no module. t10 TRUTH
 */
#include <string.h>

#include "filter.h"
#include "generated.h"
#include "truth.h"

#define BLOCKS 100000
#define DEEP 200

enum { BEFORE, AFTER, DOWN, GENERATED, SITES };
static struct truth_site sites[SITES] = {
	{.name = "in_before"}, {.name = "in_after"}, {.name = "down_there"}, {.name = "by_generated"}};

#define SITE(function, id)                       \
	static NOINLINE void *function(size_t n) \
	{                                        \
		void *p = malloc(n);             \
		KEEP(p);                         \
		truth_alloc(&sites[id], n);      \
		return p;                        \
	}
SITE(in_before, BEFORE)
SITE(in_after, AFTER)
SITE(down_there, DOWN)

static NOINLINE void by_generated(generated_call *f)
{
	free(f(33, malloc));
	truth_alloc(&sites[GENERATED], 33);
	truth_free(&sites[GENERATED], 33);
}

static NOINLINE void go_down(int levels)
{
	volatile char frame[1000];

	memset((char *)frame, levels, sizeof frame);
	if (levels)
		go_down(levels - 1);
	else
		free(down_there(44));
	KEEP(frame);
}

static int put_on_filter(void)
{
	static const int allowed[] = {
		SYS_read, SYS_write, SYS_exit, SYS_exit_group, SYS_futex, SYS_munmap, SYS_brk,
		SYS_rt_sigreturn,
#ifdef SYS_mmap2
		SYS_mmap2,
#else
		SYS_mmap,
#endif
	};

	return filter_put_on(allowed, sizeof allowed / sizeof *allowed, FILTER_ALLOW, FILTER_KILL);
}

int main(int argc, char **argv)
{
	generated_call *f = generated_make();

	(void)argc;
	truth_open(argv[1]);
	free(in_before(10));
	truth_free(&sites[BEFORE], 10);
	if (put_on_filter())
		return 77;
	for (size_t i = 0; i < BLOCKS; i++) {
		free(in_after(1 + i % 1000));
		truth_free(&sites[AFTER], 1 + i % 1000);
		if (i % 10 == 0)
			by_generated(f);
	}
	for (int i = 0; i < DEEP; i++) {
		go_down(i);
		truth_free(&sites[DOWN], 44);
	}
	truth_sites(sites, SITES);
	_exit(0);
}
