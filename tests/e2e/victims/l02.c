/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * L02: every entry point with sizes that fit, none, huge, misaligned, overflowing, and NULL. What the
 * program can see of each call goes to standard output; no address does. l02 TRUTH
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

#include "truth.h"

#ifndef BOOKS_ONLY
#define BOOKS_ONLY 0 /* 1: end when the books are closed */
#endif
#ifndef FOR_VALGRIND
#define FOR_VALGRIND 0 /* 1: nothing that Valgrind 3.19 ends the program for, or does not know */
#endif

void free_sized(void *, size_t) __attribute__((weak));
void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));
extern void *reallocarray(void *, size_t, size_t);
extern void *valloc(size_t);
extern void *pvalloc(size_t);

enum { MALLOC, CALLOC, REALLOC, REALLOCARRAY, ALIGNED_ALLOC, MEMALIGN, POSIX_MEMALIGN, VALLOC,
       PVALLOC, FREE, CFREE, FREE_SIZED, FREE_ALIGNED_SIZED, FUNCTIONS };
static const char *const names[FUNCTIONS] = {
	"malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "memalign", "posix_memalign",
	"valloc", "pvalloc", "free", "cfree", "free_sized", "free_aligned_sized"};
static count calls[FUNCTIONS], failed[FUNCTIONS];

static struct truth_site sites[] = {{.name = "use_strdup"}, {.name = "use_strndup"}, {.name = "keep_one"}};

/* volatile: the compiler shall not know the sizes, and warn of them or fold the calls away */
static volatile size_t huge = PTRDIFF_MAX, half = (size_t)1 << (sizeof(size_t) * 4);

static unsigned alignment(const void *p)
{
	uintptr_t a = (uintptr_t)p;

	return !p ? 0 : (unsigned)(a & -a) > 4096 ? 4096 : (unsigned)(a & -a);
}

/* An alignment is shown as whether it is enough: more than enough is chance. */
static void say(int f, const char *what, const void *p, size_t align)
{
	int e = errno;

	calls[f]++;
	failed[f] += !p;
	printf("%s(%s): %s, errno %d, %s\n", names[f], what, p ? "block" : "NULL", e,
	       alignment(p) >= align || !p ? "aligned" : "MISALIGNED");
	if (p)
		printf("  usable %zu\n", malloc_usable_size((void *)p));
	errno = 0;
}

static void drop(void *p)
{
	free(p);
	calls[FREE] += p != NULL;
}

#define TRY(f, what, align, call)             \
	do {                                  \
		void *p_;                     \
		errno = 0;                    \
		p_ = (call);                  \
		KEEP(p_);                     \
		say(f, what, p_, align);      \
		drop(p_);                     \
	} while (0)

static void plain_calls(void)
{
	size_t word = 2 * sizeof(void *);

	TRY(MALLOC, "100", word, malloc(100));
	TRY(MALLOC, "0", word, malloc(0));
	TRY(MALLOC, "huge", word, malloc(huge + 1));
	TRY(MALLOC, "1M", word, malloc(1 << 20));
	TRY(CALLOC, "7, 11", word, calloc(7, 11));
	TRY(CALLOC, "0, 5", word, calloc(0, 5));
	TRY(CALLOC, "5, 0", word, calloc(5, 0));
	TRY(CALLOC, "huge", word, calloc(1, huge + 1));
	TRY(CALLOC, "overflow", word, calloc(half, half));
	TRY(CALLOC, "overflow to little", word, calloc(half, half + 1));
	TRY(REALLOC, "NULL, 50", word, realloc(NULL, 50));
	TRY(REALLOC, "NULL, 0", word, realloc(NULL, 0));
	TRY(REALLOC, "NULL, huge", word, realloc(NULL, huge + 1));
	TRY(REALLOCARRAY, "NULL, 3, 50", word, reallocarray(NULL, 3, 50));
	TRY(REALLOCARRAY, "NULL, overflow", word, reallocarray(NULL, half, half));
}

/* A resizing: the old block is gone when there is a new one. */
static void resize(int f, const char *what, size_t n, size_t size)
{
	char *old = malloc(64), *p;

	calls[MALLOC]++;
	memset(old, 'x', 64);
	errno = 0;
	p = f == REALLOC ? realloc(old, size) : reallocarray(old, n, size);
	say(f, what, p, 2 * sizeof(void *));
	printf("  kept %d\n", n * size < 8 || (p ? p : old)[7] == 'x');
	drop(p ? p : n && size ? old : NULL);
}

static void resizings(void)
{
	resize(REALLOC, "p, 200", 1, 200);
	resize(REALLOC, "p, 8", 1, 8);
	resize(REALLOC, "p, 100000", 1, 100000);
	resize(REALLOC, "p, huge", 1, huge + 1);
	resize(REALLOCARRAY, "p, 10, 20", 10, 20);
	resize(REALLOCARRAY, "p, overflow", half, half);
}

static void aligned_calls(void)
{
	static const size_t aligns[] = {8, 16, 64, 256, 4096, 3, 24, 0};
	char what[64];

	for (size_t i = 0; i < sizeof aligns / sizeof *aligns; i++) {
		size_t a = aligns[i], checked = a & (a - 1) ? 1 : a;
		void *p = NULL;

		snprintf(what, sizeof what, "%zu, 100", a);
		/* glibc 2.36 rounds a strange alignment up; each libc has its own idea of them */
		TRY(MEMALIGN, what, checked, memalign(a, 100));
		TRY(ALIGNED_ALLOC, what, checked, aligned_alloc(a, 100));
		errno = 77;
		printf("posix_memalign: returned %d,", posix_memalign(&p, a, 100));
		printf(" errno %d, %s\n", errno, p ? "set" : "untouched");
		say(POSIX_MEMALIGN, what, p, checked);
		drop(p);
	}
	TRY(MEMALIGN, "64, 0", 64, memalign(64, 0));
	TRY(MEMALIGN, "64, huge", 64, memalign(64, huge + 1));
	TRY(ALIGNED_ALLOC, "64, huge", 64, aligned_alloc(64, huge + 1));
	TRY(VALLOC, "100", 4096, valloc(100));
	TRY(VALLOC, "huge", 4096, valloc(huge + 1));
#if defined __GLIBC__ && !FOR_VALGRIND
	TRY(PVALLOC, "100", 4096, pvalloc(100));
	TRY(PVALLOC, "huge", 4096, pvalloc(huge + 1));
#endif
}

static void frees(void)
{
	void *p;

	errno = 55;
	free(NULL);
	printf("free(NULL): errno %d\n", errno);
	p = malloc(30);
	calls[MALLOC]++;
	free(p);
	calls[FREE]++;
	printf("free: errno %d, usable of NULL %zu\n", errno, malloc_usable_size(NULL));
	if (free_sized && !FOR_VALGRIND) {
		free_sized(malloc(31), 31);
		calls[MALLOC]++;
		calls[FREE_SIZED]++;
	}
	if (free_aligned_sized && !FOR_VALGRIND) {
		free_aligned_sized(aligned_alloc(64, 64), 64, 64);
		calls[ALIGNED_ALLOC]++;
		calls[FREE_ALIGNED_SIZED]++;
	}
}

static NOINLINE char *use_strdup(const char *s)
{
	char *p = strdup(s);

	KEEP(p);
	truth_alloc(&sites[0], strlen(s) + 1);
	return p;
}

static NOINLINE char *use_strndup(const char *s, size_t n)
{
	char *p = strndup(s, n);

	KEEP(p);
	truth_alloc(&sites[1], n + 1);
	return p;
}

static NOINLINE void *keep_one(void)
{
	void *p = calloc(1, 1234);

	KEEP(p);
	truth_alloc(&sites[2], 1234);
	return p;
}

/* What allocates inside the libc: how often, is its business; all is given back. */
static NOINLINE void use_getline(const char *path)
{
	FILE *f = fopen(path, "w+");
	char *line = NULL;
	size_t n = 0;

	for (int i = 0; i < 300; i++)
		fputs("some words that make the line grow ", f);
	rewind(f);
	printf("getline: %zd\n", getline(&line, &n, f));
	free(line);
	fclose(f);
	KEEP(&line);
}

static NOINLINE void use_asprintf(void)
{
	char *p;

	printf("asprintf: %d\n", asprintf(&p, "%0300d %s", 5, "text"));
	free(p);
	KEEP(&p);
}

int main(int argc, char **argv)
{
	static char out[65536], temp[4096];
	char *p, *q;

	setvbuf(stdout, out, _IOFBF, sizeof out);
	if (argc > 1)
		truth_open(argv[1]);
	plain_calls();
	resizings();
	aligned_calls();
	frees();
	for (int i = 0; i < FUNCTIONS; i++)
		truth_line("function %s %llu %llu\n", names[i], calls[i], failed[i]);
	if (BOOKS_ONLY) {
		fflush(stdout);
		return 0;
	}
	p = use_strdup("seventeen letters");
	q = use_strndup("a longer text than that", 9);
	printf("strdup %s, strndup %s\n", p, q);
	free(p);
	truth_free(&sites[0], 18);
	free(q);
	truth_free(&sites[1], 10);
	keep_one();
	snprintf(temp, sizeof temp, "%s.tmp", argv[1]);
	use_getline(temp);
	unlink(temp);
	use_asprintf();
	truth_sites(sites, sizeof sites / sizeof *sites);
	fflush(stdout);
	return 0;
}
