/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L03: allocations that fail. l03 TRUTH [limit]: with "limit", under RLIMIT_AS of 64 MB too. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "truth.h"

#define BLOCK (1u << 20)

enum { OLD, FILL, FAIL, SITES };
static struct truth_site sites[SITES] = {{.name = "make_old"}, {.name = "fill"}, {.name = "fail"}};
static count failures;
static volatile size_t huge = PTRDIFF_MAX;

static NOINLINE char *make_old(size_t n)
{
	char *p = malloc(n);

	KEEP(p);
	memset(p, 'o', n);
	truth_alloc(&sites[OLD], n);
	return p;
}

static void say(const char *what, const void *p)
{
	printf("%s: %s, errno %d\n", what, p ? "a block" : "NULL", errno);
	failures += !p;
	errno = 0;
}

static NOINLINE void fail(char *old)
{
	void *p = NULL;

	errno = 0;
	say("malloc", malloc(huge + 1));
	say("calloc", calloc(huge, 3));
	say("realloc", realloc(old, huge + 1));
	say("realloc of NULL", realloc(NULL, huge + 1));
	say("aligned_alloc", aligned_alloc(64, huge + 1));
	printf("posix_memalign: %d\n", posix_memalign(&p, 64, huge + 1));
	failures++;
	KEEP(old);
}

static NOINLINE void *fill(void)
{
	void *p = malloc(BLOCK);

	KEEP(p);
	if (p)
		truth_alloc(&sites[FILL], BLOCK);
	else
		failures++;
	return p;
}

/* Fill a small address space, fail, give all back, go on. */
static void live_under_limit(char *old)
{
	static void *blocks[64];
	struct rlimit limit = {64u << 20, 64u << 20};
	int n = 0;

	printf("setrlimit: %d\n", setrlimit(RLIMIT_AS, &limit));
	while (n < 64 && (blocks[n] = fill()))
		n++;
	printf("full before 64: %d, errno %d\n", n < 64, errno);
	errno = 0;
	say("realloc when full", realloc(old, 8 * BLOCK));
	say("calloc when full", calloc(8, BLOCK));
	printf("the old block is as it was: %d\n", old[0] == 'o' && old[999] == 'o');
	while (n--) {
		free(blocks[n]);
		truth_free(&sites[FILL], BLOCK);
	}
	printf("after giving back: %d\n", (blocks[0] = fill()) != NULL);
}

int main(int argc, char **argv)
{
	static char out[16384];
	char *old;

	setvbuf(stdout, out, _IOFBF, sizeof out);
	truth_open(argv[1]);
	old = make_old(1000);
	fail(old);
	printf("the old block is as it was: %d\n", old[0] == 'o' && old[999] == 'o');
	if (argc > 2)
		live_under_limit(old);
	truth_sites(sites, SITES);
	truth_line("failures %llu\n", failures);
	fflush(stdout);
	return 0;
}
