/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A small static heap for allocations made before the real allocator is known. Its blocks are never
 * given back; free, realloc and malloc_usable_size must recognise them for ever.
 */
#ifndef DA_PRELOAD_BOOT_H
#define DA_PRELOAD_BOOT_H

#include "base/types.h"

/**
 * A zeroed block of @size bytes aligned to @align (a power of two, raised to 16); NULL when used
 * up.
 */
void *da_boot_alloc(size_t align, size_t size);

/** Whether @p came from da_boot_alloc(). */
bool da_boot_owns(const void *p);

/** Bytes asked for at the block @p of this heap. */
size_t da_boot_size(const void *p);

#endif
