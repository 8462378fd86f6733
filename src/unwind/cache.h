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

/** Slots at first, and when they have proved too few; powers of two. */
#define DA_CACHE_FIRST_SLOTS 32u
#define DA_CACHE_SLOTS 2048u

/** The slot for @pc: direct-mapped, so a newer pc pushes an older one out. */
static inline struct da_unwind_cache *da_cache_slot(const struct da_unwind *u, uintptr_t pc)
{
	/* two shifts that do not wait for each other: this is in each frame's chain of latencies */
	return &u->cache[(pc ^ pc >> 9) & u->cache_mask];
}

/** The rule remembered for the return address @pc (not 0), or NULL. */
static inline const struct da_packed *da_cache_get(const struct da_unwind *u, uintptr_t pc)
{
	const struct da_unwind_cache *slot = da_cache_slot(u, pc);

	return slot->pc == pc ? &slot->rule : NULL;
}

/** Remember @rule for the return address @pc (not 0), unless it is too big to be packed. */
void da_cache_put(struct da_unwind *u, uintptr_t pc, const struct da_rule *rule);

/** Forget all rules. */
void da_cache_clear(struct da_unwind *u);

#endif
