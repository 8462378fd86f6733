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

/** Slots in use at first: log2. More are taken as rules are forgotten for want of room. */
#define DA_CACHE_FIRST_LOG 5

/** Slots of @u's cache in use now. */
static inline uint32_t da_cache_slots(const struct da_unwind *u)
{
	return 1u << (DA_CACHE_FIRST_LOG + u->cache_growth);
}

/** The slot for @pc: direct-mapped, so a newer pc pushes an older one out. */
static inline struct da_unwind_cache *da_cache_slot(const struct da_unwind *u, uintptr_t pc)
{
	/* Multiplicative hashing (Knuth); the top bits depend on all bits of the pc. */
	uint32_t h = ((uint32_t)pc ^ (uint32_t)((uint64_t)pc >> 32)) * 2654435769u;

	return &u->cache[h >> (32 - DA_CACHE_FIRST_LOG - u->cache_growth)];
}

/** The rule remembered for the return address @pc (not 0), or NULL. */
static inline const struct da_rule *da_cache_get(const struct da_unwind *u, uintptr_t pc)
{
	struct da_unwind_cache *slot = da_cache_slot(u, pc);

	return slot->pc == pc ? &slot->rule : NULL;
}

/** Remember @rule for the return address @pc (not 0). */
static inline void da_cache_put(struct da_unwind *u, uintptr_t pc, const struct da_rule *rule)
{
	struct da_unwind_cache *slot;

	/* rules left where the smaller cache had them are found by nobody and do no harm */
	if (++u->cache_fills > da_cache_slots(u) && da_cache_slots(u) < DA_UNWIND_CACHE_SLOTS) {
		u->cache_growth++;
		u->cache_fills = 0;
	}
	slot = da_cache_slot(u, pc);
	slot->pc = pc;
	slot->rule = *rule;
}

/** Forget all rules of u->cache when they belong to an older generation of u->modules. */
void da_cache_refresh(struct da_unwind *u);

#endif
