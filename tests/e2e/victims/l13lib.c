/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L13's library: one function, at the same offset in both. */
#include <stdlib.h>

#define JOIN(a, b) a##b
#define CALL(name) JOIN(alloc_in_, name)

void *CALL(NAME)(size_t size);
void *CALL(NAME)(size_t size)
{
	void *p = malloc(size);

	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}
