/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T13's allocator, for one thread: never reuses, and is left in the middle of malloc(31337). */
#include <signal.h>
#include <stddef.h>
#include <string.h>

#define HEAP (8u << 20)

static char heap[HEAP] __attribute__((aligned(16)));
static size_t used;

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void free(void *p);

void *malloc(size_t n)
{
	size_t need = (n + 31) & ~(size_t)15;
	char *p = heap + used;

	if (n > HEAP || need > HEAP - used)
		return NULL;
	if (n == 31337)
		raise(SIGUSR1);
	used += need;
	memcpy(p, &n, sizeof n);
	return p + 16;
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}

void *realloc(void *p, size_t n)
{
	void *q = malloc(n);
	size_t old;

	if (p && q) {
		memcpy(&old, (char *)p - 16, sizeof old);
		memcpy(q, p, old < n ? old : n);
	}
	return q;
}

void free(void *p)
{
	(void)p;
}
