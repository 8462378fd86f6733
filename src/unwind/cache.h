/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One thread's remembered rules, by return address. */
#ifndef DA_UNWIND_CACHE_H
#define DA_UNWIND_CACHE_H

#include "unwind/rule.h"
#include "unwind/unwind.h"

/** One remembered rule; pc 0 is an empty slot. */
struct da_unwind_cache {
	uintptr_t pc;
	struct da_rule rule;
};

/** The slot for @pc: direct-mapped, so a newer pc pushes an older one out. */
static inline struct da_unwind_cache *da_cache_slot(struct da_unwind_cache *cache, uintptr_t pc)
{
	/* Multiplicative hashing (Knuth); the top bits depend on all bits of the pc. */
	uint32_t h = ((uint32_t)pc ^ (uint32_t)((uint64_t)pc >> 32)) * 2654435769u;

	return &cache[h / (UINT32_MAX / DA_UNWIND_CACHE_SLOTS + 1)];
}

/** The rule remembered for the return address @pc (not 0), or NULL. */
static inline const struct da_rule *da_cache_get(struct da_unwind_cache *cache, uintptr_t pc)
{
	struct da_unwind_cache *slot = da_cache_slot(cache, pc);

	return slot->pc == pc ? &slot->rule : NULL;
}

/** Remember @rule for the return address @pc (not 0). */
static inline void da_cache_put(struct da_unwind_cache *cache, uintptr_t pc,
				const struct da_rule *rule)
{
	struct da_unwind_cache *slot = da_cache_slot(cache, pc);

	slot->pc = pc;
	slot->rule = *rule;
}

/** Forget all rules of u->cache when they belong to an older generation of u->modules. */
void da_cache_refresh(struct da_unwind *u);

#endif
