/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Many small pieces of memory that live and die together. */
#ifndef DA_DS_ARENA_H
#define DA_DS_ARENA_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

struct da_arena_chunk;

/** An arena; zero-filled is the empty one. Its memory never moves. */
struct da_arena {
	struct da_arena_chunk *chunks; /**< newest first */
	size_t used, size; /**< bytes of the newest chunk */
};

/** @size bytes, zero-filled, aligned to 8; valid until da_arena_deinit(). */
void *da_arena_alloc(struct da_arena *a, size_t size) __attribute__((returns_nonnull));

/** A copy of @n bytes at @bytes with a NUL after them. */
char *da_arena_copy(struct da_arena *a, const void *bytes, size_t n)
	__attribute__((returns_nonnull));

/** Give everything back; the arena is then empty and usable. */
void da_arena_deinit(struct da_arena *a);

#endif
