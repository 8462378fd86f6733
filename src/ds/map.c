/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ds/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "ds/random.h"

#define FIRST_LOG 6

static inline size_t home(const struct da_map *m, uint64_t key)
{
	/* every bit of the key reaches the product's top bits */
	return (size_t)((key * m->mul) >> m->shift);
}

static inline uint64_t *slot(const struct da_map *m, size_t i)
{
	return m->slots + i * m->words;
}

static void set_size(struct da_map *m, unsigned log)
{
	m->slots = da_xcalloc((size_t)1 << log, m->words * sizeof(uint64_t));
	m->mask = ((size_t)1 << log) - 1;
	m->shift = 64 - log;
}

void da_map_init(struct da_map *m, size_t value_size)
{
	m->n = 0;
	m->words = 1 + (uint32_t)((value_size + 7) / 8);
	m->mul = da_random_multiplier();
	set_size(m, FIRST_LOG);
}

void da_map_deinit(struct da_map *m)
{
	free(m->slots);
	m->slots = NULL;
	m->n = 0;
}

void da_map_clear(struct da_map *m)
{
	memset(m->slots, 0, (m->mask + 1) * m->words * sizeof(uint64_t));
	m->n = 0;
}

void *da_map_find(const struct da_map *m, uint64_t key)
{
	size_t i = home(m, key);

	for (;; i = (i + 1) & m->mask) {
		uint64_t *s = slot(m, i);

		if (*s == key)
			return key ? s + 1 : NULL;
		if (!*s)
			return NULL;
	}
}

static uint64_t *empty_slot(const struct da_map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (*slot(m, i))
		i = (i + 1) & m->mask;
	return slot(m, i);
}

static void grow(struct da_map *m)
{
	struct da_map old = *m;

	set_size(m, 64 - old.shift + 1);
	for (size_t i = 0; i <= old.mask; i++) {
		const uint64_t *s = slot(&old, i);

		if (*s)
			memcpy(empty_slot(m, *s), s, m->words * sizeof(uint64_t));
	}
	free(old.slots);
}

void *da_map_put(struct da_map *m, uint64_t key, bool *new_out)
{
	uint64_t *s;
	size_t i;

	assert(key);
	for (i = home(m, key); *(s = slot(m, i)); i = (i + 1) & m->mask)
		if (*s == key)
			break;
	if (new_out)
		*new_out = *s != key;
	if (*s == key)
		return s + 1;
	if (m->n >= m->mask - m->mask / 4) {
		grow(m);
		s = empty_slot(m, key);
	}
	m->n++;
	*s = key;
	memset(s + 1, 0, (m->words - 1) * sizeof(uint64_t));
	return s + 1;
}

/* Close the gap at slot @gap: each later entry of the run moves back unless it would pass its home
 * (Knuth, The Art of Computer Programming 3, section 6.4, algorithm R). */
static void close_gap(struct da_map *m, size_t gap)
{
	size_t i = gap;

	for (;;) {
		uint64_t *s;

		i = (i + 1) & m->mask;
		s = slot(m, i);
		if (!*s)
			break;
		if (((i - home(m, *s)) & m->mask) < ((i - gap) & m->mask))
			continue;
		memcpy(slot(m, gap), s, m->words * sizeof(uint64_t));
		gap = i;
	}
	*slot(m, gap) = 0;
}

bool da_map_remove(struct da_map *m, uint64_t key, void *value_out)
{
	uint64_t *value = da_map_find(m, key);

	if (!value)
		return false;
	if (value_out)
		memcpy(value_out, value, (m->words - 1) * sizeof(uint64_t));
	da_map_drop(m, value);
	return true;
}

void da_map_drop(struct da_map *m, void *value)
{
	m->n--;
	close_gap(m, (size_t)((uint64_t *)value - 1 - m->slots) / m->words);
}

void *da_map_next(const struct da_map *m, size_t *at, uint64_t *key_out)
{
	for (; *at <= m->mask; ++*at) {
		uint64_t *s = slot(m, *at);

		if (*s) {
			++*at;
			*key_out = *s;
			return s + 1;
		}
	}
	return NULL;
}
