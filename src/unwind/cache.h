/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One thread's remembered rules, by return address. */
#ifndef DA_UNWIND_CACHE_H
#define DA_UNWIND_CACHE_H

#include "unwind/packed.h"
#include "unwind/unwind.h"

/** One remembered rule; pc 0 is an empty slot. */
struct da_unwind_cache {
	uintptr_t pc;
	struct da_packed rule;
};

/** Slots at first, in the memory of da_unwind_init(), and lent by the caller; powers of two. */
#define DA_CACHE_FIRST_SLOTS 32u
#define DA_CACHE_SLOTS 2048u
#define DA_CACHE_MOST_SLOTS 16384u

/**
 * The slot for @pc. A newer pc pushes the one there to its neighbour, slot ^ 1, and what was there
 * out: two pcs of one hot loop stay side by side.
 */
static inline uintptr_t da_cache_slot(const struct da_unwind *u, uintptr_t pc)
{
	/* two shifts that do not wait for each other: this is in each frame's chain of latencies */
	return (pc ^ pc >> 9) & u->cache_mask;
}

/** The entry for the return address @pc (not 0), or one of another pc. */
static inline const struct da_unwind_cache *da_cache_look(const struct da_unwind *u, uintptr_t pc)
{
	uintptr_t i = da_cache_slot(u, pc);

	return u->cache[i].pc == pc ? &u->cache[i] : &u->cache[i ^ 1];
}

/** The rule remembered for the return address @pc (not 0), or NULL. */
static inline const struct da_packed *da_cache_get(const struct da_unwind *u, uintptr_t pc)
{
	const struct da_unwind_cache *c = da_cache_look(u, pc);

	return c->pc == pc ? &c->rule : NULL;
}

/** Remember @rule for the return address @pc (not 0), unless it is too big to be packed. */
void da_cache_put(struct da_unwind *u, uintptr_t pc, const struct da_rule *rule);

/** Forget all rules. */
void da_cache_clear(struct da_unwind *u);

#endif
