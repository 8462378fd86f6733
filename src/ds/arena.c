/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ds/arena.h"

#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"

#define CHUNK_BYTES ((size_t)64 << 10)

struct da_arena_chunk {
	struct da_arena_chunk *older;
	uint64_t bytes[];
};

static void add_chunk(struct da_arena *a, size_t least)
{
	size_t size = least > CHUNK_BYTES ? least : CHUNK_BYTES;
	struct da_arena_chunk *chunk = da_xcalloc(1, sizeof(*chunk) + size);

	chunk->older = a->chunks;
	a->chunks = chunk;
	a->used = 0;
	a->size = size;
}

void *da_arena_alloc(struct da_arena *a, size_t size)
{
	uint8_t *p;

	/* an absurd size stays absurd, so that da_xcalloc() refuses it */
	size = size > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size + 7) & ~(size_t)7;
	if (!a->chunks || size > a->size - a->used)
		add_chunk(a, size);
	p = (uint8_t *)a->chunks->bytes + a->used;
	a->used += size;
	return p;
}

char *da_arena_copy(struct da_arena *a, const void *bytes, size_t n)
{
	char *copy = da_arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, bytes, n);
	return copy;
}

void da_arena_deinit(struct da_arena *a)
{
	while (a->chunks) {
		struct da_arena_chunk *older = a->chunks->older;

		free(a->chunks);
		a->chunks = older;
	}
	a->used = a->size = 0;
}
