/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cache.h"

#include "base/bytes.h"

_Static_assert((DA_CACHE_SLOTS & (DA_CACHE_SLOTS - 1)) == 0, "a power of two");
_Static_assert((DA_CACHE_FIRST_SLOTS & (DA_CACHE_FIRST_SLOTS - 1)) == 0, "a power of two");

/*
 * Twice the slots: the first lie apart, with the thread's other small things. Rules left where the
 * smaller cache had them are found by nobody, or again, and do no harm.
 */
static void grow(struct da_unwind *u)
{
	u->cache_losses = 0;
	if (u->cache_mask >= DA_CACHE_SLOTS - 1) {
		u->wants_cache = u->cache_mask < DA_CACHE_MOST_SLOTS - 1;
		return;
	}
	u->cache_mask = 2 * u->cache_mask + 1;
	u->cache = u->large_cache;
}

static void put(struct da_unwind *u, const struct da_unwind_cache *new)
{
	uintptr_t i = da_cache_slot(u, new->pc);
	struct da_unwind_cache *slot = &u->cache[i], *other = &u->cache[i ^ 1];

	if (slot->pc && slot->pc != new->pc) {
		u->cache_losses += other->pc != 0;
		*other = *slot;
	}
	*slot = *new;
}

void da_cache_put(struct da_unwind *u, uintptr_t pc, const struct da_rule *rule)
{
	struct da_unwind_cache new = { .pc = pc };

	if (!da_packed_put(&new.rule, rule))
		return;
	if (u->cache_losses > u->cache_mask / 4)
		grow(u);
	put(u, &new);
}

size_t da_unwind_cache_wanted(const struct da_unwind *u)
{
	return 2 * (u->cache_mask + 1) * sizeof *u->cache;
}

void *da_unwind_lend_cache(struct da_unwind *u, void *memory)
{
	struct da_unwind_cache *old = u->cache;
	uintptr_t slots = u->cache_mask + 1;

	u->cache = memory;
	u->cache_mask = 2 * slots - 1;
	u->cache_losses = 0;
	u->wants_cache = false;
	for (uintptr_t i = 0; i < slots; i++)
		if (old[i].pc)
			put(u, &old[i]);
	return old == u->large_cache ? NULL : old;
}

void da_cache_clear(struct da_unwind *u)
{
	da_zero(u->cache, (u->cache_mask + 1) * sizeof *u->cache);
}
