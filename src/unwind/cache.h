/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One thread's remembered rules, by return address. */
#ifndef DA_UNWIND_CACHE_H
#define DA_UNWIND_CACHE_H

#include "unwind/packed.h"
#include "unwind/unwind.h"

/** One remembered rule; pc 0 is an empty slot. 16 bytes, for the sake of the mask. */
struct da_unwind_cache {
	uintptr_t pc;
	struct da_packed rule;
} __attribute__((aligned(16)));

/** Slots at first, in the memory of da_unwind_init(), and lent by the caller; powers of two. */
#define DA_CACHE_FIRST_SLOTS 32u
#define DA_CACHE_SLOTS 2048u
#define DA_CACHE_MOST_SLOTS 16384u

/** The mask that belongs to a number of slots: one of offsets in bytes. */
#define DA_CACHE_MASK(slots) (((slots)-1) * sizeof(struct da_unwind_cache))

/**
 * The slot for @pc. A newer pc pushes the one there to its neighbour, and what was there out: two
 * pcs of one hot loop stay side by side.
 */
static inline struct da_unwind_cache *da_cache_slot(const struct da_unwind *u, uintptr_t pc)
{
	/* the slot's offset at once, few operations deep: each frame of a walk waits for this */
	uintptr_t at = (pc * sizeof *u->cache ^ pc >> 5) & u->cache_mask;

	return (struct da_unwind_cache *)((uint8_t *)u->cache + at);
}

/** The other slot of the pair that @slot belongs to. */
static inline struct da_unwind_cache *da_cache_neighbour(const struct da_unwind *u,
							 const struct da_unwind_cache *slot)
{
	return &u->cache[(slot - u->cache) ^ 1];
}

/** The entry for the return address @pc (not 0), or one of another pc. */
static inline const struct da_unwind_cache *da_cache_look(const struct da_unwind *u, uintptr_t pc)
{
	const struct da_unwind_cache *slot = da_cache_slot(u, pc);

	/* a branch on purpose: what follows need not wait for the pc */
	return __builtin_expect(slot->pc == pc, 1) ? slot : da_cache_neighbour(u, slot);
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
