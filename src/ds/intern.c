/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ds/intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "ds/vec.h"

/* FNV-1a, 64 bits, folded. */
static uint32_t hash_of(const uint8_t *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

/* The slot that holds the sequence, or the empty one where it belongs. */
static size_t slot_of(const struct da_intern *t, const void *bytes, size_t len, uint32_t hash)
{
	size_t i = hash & t->mask;

	for (; t->slots[i]; i = (i + 1) & t->mask) {
		const struct da_intern_item *item = &t->items[t->slots[i] - 1];

		if (item->hash == hash && item->len == len && !memcmp(item->bytes, bytes, len))
			break;
	}
	return i;
}

static void grow(struct da_intern *t)
{
	size_t n = t->slots ? (t->mask + 1) * 2 : 64;

	free(t->slots);
	t->slots = da_xcalloc(n, sizeof(*t->slots));
	t->mask = n - 1;
	for (size_t id = 0; id < t->n; id++) {
		size_t i = t->items[id].hash & t->mask;

		while (t->slots[i])
			i = (i + 1) & t->mask;
		t->slots[i] = (uint32_t)id + 1;
	}
}

uint32_t da_intern_put(struct da_intern *t, const void *bytes, size_t len)
{
	uint32_t hash = hash_of(bytes, len);
	size_t i;

	assert(len <= UINT32_MAX && t->n < UINT32_MAX - 1);
	if (!t->slots || t->n > t->mask / 2)
		grow(t);
	i = slot_of(t, bytes, len, hash);
	if (!t->slots[i]) {
		t->items = da_vec_reserve(t->items, &t->cap, t->n + 1, sizeof(*t->items));
		t->items[t->n] = (struct da_intern_item){
			.bytes = da_arena_copy(&t->arena, bytes, len),
			.len = (uint32_t)len,
			.hash = hash,
		};
		t->slots[i] = (uint32_t)++t->n;
	}
	return t->slots[i] - 1;
}

uint32_t da_intern_put_text(struct da_intern *t, const char *text)
{
	return da_intern_put(t, text, strlen(text));
}

bool da_intern_find(const struct da_intern *t, const void *bytes, size_t len, uint32_t *id_out)
{
	size_t i;

	if (!t->slots)
		return false;
	i = slot_of(t, bytes, len, hash_of(bytes, len));
	if (!t->slots[i])
		return false;
	*id_out = t->slots[i] - 1;
	return true;
}

const char *da_intern_get(const struct da_intern *t, uint32_t id)
{
	assert(id < t->n);
	return t->items[id].bytes;
}

void da_intern_deinit(struct da_intern *t)
{
	free(t->items);
	free(t->slots);
	da_arena_deinit(&t->arena);
	*t = (struct da_intern){ 0 };
}
