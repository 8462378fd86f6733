/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/bytes.h"

/*
 * The volatile-free loops below are what gcc would turn back into calls of memcpy and memset; the
 * shim is built with -fno-tree-loop-distribute-patterns in effect for this file's functions.
 */
#define DA_KEEP_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))
#ifdef __clang__
#undef DA_KEEP_LOOP
#define DA_KEEP_LOOP __attribute__((no_builtin("memcpy", "memset", "memcmp", "strlen")))
#endif

/* A word of memory of any type and alignment: one instruction where the CPU can, else bytes. */
typedef uintptr_t __attribute__((may_alias, aligned(1))) any_word;

DA_KEEP_LOOP void da_copy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	for (; n >= sizeof(any_word); n -= sizeof(any_word)) {
		*(any_word *)t = *(const any_word *)f;
		t += sizeof(any_word);
		f += sizeof(any_word);
	}
	while (n--)
		*t++ = *f++;
}

DA_KEEP_LOOP void da_zero(void *p, size_t n)
{
	uint8_t *b = p;

	for (; n >= sizeof(any_word); n -= sizeof(any_word)) {
		*(any_word *)b = 0;
		b += sizeof(any_word);
	}
	while (n--)
		*b++ = 0;
}

DA_KEEP_LOOP bool da_bytes_equal(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return false;
	return true;
}

DA_KEEP_LOOP size_t da_text_length(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

bool da_text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}
