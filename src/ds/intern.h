/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Byte sequences to dense numbers: each distinct sequence is stored once. */
#ifndef DA_DS_INTERN_H
#define DA_DS_INTERN_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "ds/arena.h"

/** One stored sequence. */
struct da_intern_item {
	const char *bytes; /**< followed by a NUL that is not counted; may hold anything */
	uint32_t len;
	uint32_t hash;
};

/** A table of sequences. Zero-filled is the empty one. */
struct da_intern {
	struct da_intern_item *items; /**< @n of them, by id: 0, 1, 2 … */
	size_t n, cap;
	uint32_t *slots; /**< ids + 1, 0: empty */
	size_t mask; /**< slots - 1 */
	struct da_arena arena;
};

/** The id of @len bytes at @bytes (at most UINT32_MAX): the old one, or the next. */
uint32_t da_intern_put(struct da_intern *t, const void *bytes, size_t len);

/** da_intern_put() of a NUL-terminated text. */
uint32_t da_intern_put_text(struct da_intern *t, const char *text);

/** Find without adding. @return whether it is there; then its id in @id_out. */
bool da_intern_find(const struct da_intern *t, const void *bytes, size_t len, uint32_t *id_out);

/** The bytes of @id < t->n, with a NUL after them; valid until da_intern_deinit(). */
const char *da_intern_get(const struct da_intern *t, uint32_t id);

/** Give everything back; the table is then empty and usable. */
void da_intern_deinit(struct da_intern *t);

#endif
