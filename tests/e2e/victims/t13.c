/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T13: a handler leaves the real malloc by siglongjmp(); what follows is to be recorded: a later part
 * called from where the jump went to, and one much deeper only. With t13alloc.c for an allocator.
 * t13 TRUTH shallow|deep
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "truth.h"

#define BLOCKS 10000
#define LEAVE 31337 /* t13alloc.c raises SIGUSR1 in malloc of this size */

static struct truth_site sites[1] = {{.name = "in_later_part"}};
static sigjmp_buf out;

static void jump(int sig)
{
	siglongjmp(out, sig);
}

static NOINLINE void *in_later_part(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static NOINLINE void run_later_part(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		void *p = in_later_part(16 + i % 100);

		truth_alloc(&sites[0], 16 + i % 100);
		if (i % 4) {
			free(p);
			truth_free(&sites[0], 16 + i % 100);
		}
	}
}

/* Work with a buffer of its own before it goes on deeper down. */
static NOINLINE void go_deeper(int levels)
{
	char buffer[300];

	memset(buffer, levels, sizeof buffer);
	KEEP(buffer);
	if (levels)
		go_deeper(levels - 1);
	else
		run_later_part();
	KEEP(buffer);
}

static NOINLINE void leave_malloc(void)
{
	void *p = malloc(LEAVE);

	KEEP(p);
}

int main(int argc, char **argv)
{
	truth_open(argv[1]);
	signal(SIGUSR1, jump);
	if (!sigsetjmp(out, 1))
		leave_malloc();
	if (argc > 2 && !strcmp(argv[2], "deep"))
		go_deeper(20);
	else
		run_later_part();
	truth_sites(sites, 1);
	return 0;
}
