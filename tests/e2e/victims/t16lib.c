/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * With -DLEAF="PATH": a library whose constructor opens PATH and allocates; its destructor closes
 * it. With -DBROKEN: one that cannot be loaded. With neither: the leaf.
 */
#include <dlfcn.h>
#include <stdlib.h>

#ifdef BROKEN
int t16_is_nowhere(void);
int (*broken)(void) = t16_is_nowhere;
#endif

void *alloc_in_opener(size_t n);
void *alloc_in_opener(size_t n)
{
	void *p = malloc(n);

	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

#ifdef LEAF
static void *leaf;

static void __attribute__((constructor)) begin(void)
{
	leaf = dlopen(LEAF, RTLD_NOW);
	free(alloc_in_opener(33));
}

static void __attribute__((destructor)) end(void)
{
	free(alloc_in_opener(34));
	if (leaf)
		dlclose(leaf);
}
#endif
