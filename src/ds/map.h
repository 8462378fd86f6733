/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * A hash map from 64-bit keys to small values of one size, made for tens of millions of entries
 * that come and go: open addressing with linear probing, key and value side by side in one array,
 * deletion by shifting back (so there are no tombstones), doubled at 3/4 full.
 *
 * Slots are placed by a multiplier drawn at random per process, so that a hostile recording cannot
 * choose keys that collide. Never let the order of da_map_next() reach an output.
 */
#ifndef DA_DS_MAP_H
#define DA_DS_MAP_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

struct da_map {
	uint64_t
		*slots; /**< (mask + 1) slots of @words 64-bit words, the key first; key 0: empty */
	size_t n; /**< entries */
	size_t mask; /**< slots - 1 */
	uint32_t words; /**< of a slot, with the key */
	uint32_t shift; /**< 64 - log2(slots) */
	uint64_t mul; /**< odd */
};

/** Make @m an empty map whose values have @value_size bytes (rounded up to 8; may be 0: a set). */
void da_map_init(struct da_map *m, size_t value_size);

/** Free its memory; the map must be initialised again before use. */
void da_map_deinit(struct da_map *m);

/** Remove all entries, keeping the memory. */
void da_map_clear(struct da_map *m);

/**
 * Look up @key (not 0).
 * @return its value, aligned to 8, valid until the next put or remove; NULL: not there.
 */
void *da_map_find(const struct da_map *m, uint64_t key);

/**
 * Look up @key (not 0) and add it with a zero-filled value when it is not there.
 * @new_out: whether it was added; may be NULL.
 * @return its value, aligned to 8, valid until the next put or remove.
 */
void *da_map_put(struct da_map *m, uint64_t key, bool *new_out);

/**
 * Remove @key.
 * @value_out: gets its value, as many bytes as da_map_init() was told, rounded up to 8; may be
 * NULL.
 * @return whether it was there.
 */
bool da_map_remove(struct da_map *m, uint64_t key, void *value_out);

/** Remove the entry whose value da_map_find() or da_map_put() gave: saves a lookup. */
void da_map_drop(struct da_map *m, void *value);

/**
 * Go through all entries in no particular order: start with *@at = 0.
 * @return the next entry's value and its key, NULL at the end. No put or remove meanwhile.
 */
void *da_map_next(const struct da_map *m, size_t *at, uint64_t *key_out);

#endif
