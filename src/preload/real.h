/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The process's own allocator, behind the shim. */
#ifndef DA_PRELOAD_REAL_H
#define DA_PRELOAD_REAL_H

#include "base/types.h"
#include "preload/linkmap.h"

/**
 * Real functions; those that the allocator does not have are NULL (interpose.c knows substitutes).
 */
struct da_real {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t n, size_t size);
	void *(*realloc)(void *p, size_t size);
	void *(*reallocarray)(void *p, size_t n, size_t size);
	void (*free)(void *p);
	void (*free_sized)(void *p, size_t size);
	void (*free_aligned_sized)(void *p, size_t align, size_t size);
	void *(*aligned_alloc)(size_t align, size_t size);
	void *(*memalign)(size_t align, size_t size);
	int (*posix_memalign)(void **p_out, size_t align, size_t size);
	void *(*valloc)(size_t size);
	void *(*pvalloc)(size_t size);
	size_t (*malloc_usable_size)(void *p);
	int (*dlclose)(void *handle);
	void (*_exit)(int status);
	int *(*errno_location)(void);
	int (*key_create)(unsigned *key_out, void (*destructor)(void *));
	int (*set_specific)(unsigned key, const void *value);
	int (*register_atfork)(void (*prepare)(void), void (*parent)(void), void (*child)(void),
			       void *dso); /**< glibc's __register_atfork */
	int (*atfork)(void (*prepare)(void), void (*parent)(void), void (*child)(void));
	/**
	 * Text of the object that holds malloc, and of the shim (for tail calls): calls that return
	 * there are the allocator's own. */
	struct da_text_range {
		uintptr_t lo, hi;
	} text, shim_text;
};

/** The one table; all NULL until da_real_init() has found malloc. */
extern struct da_real da_real;

/** Fill da_real. @return false when malloc, calloc, realloc or free is missing. */
bool da_real_init(const struct da_linkmap *l);

/** Whether @pc lies in the real allocator or in the shim. */
static inline bool da_real_is_own(uintptr_t pc)
{
	return pc - da_real.text.lo < da_real.text.hi - da_real.text.lo ||
	       pc - da_real.shim_text.lo < da_real.shim_text.hi - da_real.shim_text.lo;
}

/** Value of errno, and setting it; 0 and nothing when the libc's errno is not known. */
int da_real_errno(void);
/** @copydoc da_real_errno */
void da_real_set_errno(int value);

#endif
