/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/stacks.h"

#include "base/bytes.h"
#include "base/sys.h"

#define FIRST_CAPACITY 256u

static struct da_stacks_entry *place_of(const struct da_stacks *s, uint64_t hash)
{
	uint32_t mask = s->capacity - 1;
	uint32_t i = (uint32_t)hash & mask;

	while (s->entries[i].id && (s->entries[i].hash_lo != (uint32_t)hash ||
				    s->entries[i].hash_hi != (uint32_t)(hash >> 32)))
		i = (i + 1) & mask;
	return &s->entries[i];
}

uint32_t da_stacks_find(const struct da_stacks *s, uint64_t hash)
{
	return s->entries ? place_of(s, hash)->id : 0;
}

static bool grow(struct da_stacks *s)
{
	struct da_stacks bigger = { .capacity = s->capacity ? 2 * s->capacity : FIRST_CAPACITY };

	bigger.entries = da_sys_map(bigger.capacity * sizeof *bigger.entries);
	if (!bigger.entries)
		return false;
	for (uint32_t i = 0; i < s->capacity; i++) {
		const struct da_stacks_entry *e = &s->entries[i];

		if (e->id)
			*place_of(&bigger, (uint64_t)e->hash_hi << 32 | e->hash_lo) = *e;
	}
	bigger.n = s->n;
	if (s->entries && !s->is_lent)
		da_sys_unmap(s->entries, s->capacity * sizeof *s->entries);
	*s = bigger;
	return true;
}

void da_stacks_insert(struct da_stacks *s, uint64_t hash, uint32_t id)
{
	struct da_stacks_entry *e;

	if ((s->n + 1) * 3ull > s->capacity * 2ull && !grow(s))
		return;
	e = place_of(s, hash);
	s->n += !e->id;
	*e = (struct da_stacks_entry){ (uint32_t)hash, (uint32_t)(hash >> 32), id };
}

void da_stacks_clear(struct da_stacks *s)
{
	if (s->entries)
		da_zero(s->entries, s->capacity * sizeof *s->entries);
	s->n = 0;
}
