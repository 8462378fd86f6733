/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T18: a program that brings its own malloc. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char heap[1 << 20];
static size_t used;

void *malloc(size_t n)
{
	void *p = heap + used;

	used += (n + 15) & ~(size_t)15;
	return used <= sizeof heap ? p : NULL;
}

void free(void *p)
{
	(void)p;
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size); /* the heap is zero, and nothing is used twice */
}

void *realloc(void *p, size_t n)
{
	void *q = malloc(n);

	if (p && q)
		memcpy(q, p, n); /* too much, but within the heap */
	return q;
}

int main(void)
{
	char *p = malloc(100);

	strcpy(p, "own malloc");
	printf("%s: %d\n", p, p >= heap && p < heap + sizeof heap);
	free(p);
	return 21;
}
