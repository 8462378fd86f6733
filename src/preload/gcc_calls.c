/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A freestanding gcc still calls these four for copies and initialisers of structs; MIPS makes such
 * calls where x86-64 needs none. Hidden, so that the program's own are neither used nor replaced.
 * ARM's libgcc calls __aeabi_ldiv0 and __aeabi_idiv0 for divisions by zero, which there are none
 * of; its own would ask for raise(). ARM's unwind tables name __aeabi_unwind_cpp_pr0 to 2, which no
 * unwinder calls for entries like ours; a musl program may have none.
 * Only the shim has this file. -fno-tree-loop-distribute-patterns keeps the loops loops.
 */
#include <stddef.h>

#include "base/bytes.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void __aeabi_idiv0(void);
void __aeabi_ldiv0(void);
void __aeabi_unwind_cpp_pr0(void);
void __aeabi_unwind_cpp_pr1(void);
void __aeabi_unwind_cpp_pr2(void);

void __aeabi_idiv0(void)
{
}

void __aeabi_ldiv0(void)
{
}

void __aeabi_unwind_cpp_pr0(void)
{
}

void __aeabi_unwind_cpp_pr1(void)
{
}

void __aeabi_unwind_cpp_pr2(void)
{
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	da_copy(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f) {
		for (size_t i = 0; i < n; i++)
			t[i] = f[i];
	} else {
		while (n--)
			t[n] = f[n];
	}
	return to;
}

void *memset(void *to, int value, size_t n)
{
	unsigned char *t = to;

	for (size_t i = 0; i < n; i++)
		t[i] = (unsigned char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}
