/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cache.h"

#include "base/bytes.h"

_Static_assert((DA_CACHE_SLOTS & (DA_CACHE_SLOTS - 1)) == 0, "a power of two");
_Static_assert(sizeof(struct da_unwind_cache) == 16, "the mask is one of bytes");
_Static_assert((DA_CACHE_FIRST_SLOTS & (DA_CACHE_FIRST_SLOTS - 1)) == 0, "a power of two");

static size_t slots_of(const struct da_unwind *u)
{
	return u->cache_mask / sizeof *u->cache + 1;
}

/*
 * Twice the slots: the first lie apart, with the thread's other small things. Rules left where the
 * smaller cache had them are found by nobody, or again, and do no harm.
 */
static void grow(struct da_unwind *u)
{
	u->cache_losses = 0;
	if (slots_of(u) >= DA_CACHE_SLOTS) {
		u->wants_cache = slots_of(u) < DA_CACHE_MOST_SLOTS;
		return;
	}
	u->cache = u->large_cache; /* first: a handler's jump may end this in between */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	u->cache_mask = DA_CACHE_MASK(2 * slots_of(u));
}

static void put(struct da_unwind *u, const struct da_unwind_cache *new)
{
	struct da_unwind_cache *slot = da_cache_slot(u, new->pc);
	struct da_unwind_cache *other = da_cache_neighbour(u, slot);

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
	if (u->cache_losses > slots_of(u) / 4)
		grow(u);
	put(u, &new);
}

size_t da_unwind_cache_wanted(const struct da_unwind *u)
{
	return 2 * slots_of(u) * sizeof *u->cache;
}

void *da_unwind_lend_cache(struct da_unwind *u, void *memory)
{
	struct da_unwind_cache *old = u->cache;
	size_t slots = slots_of(u);

	u->cache = memory;
	u->cache_mask = DA_CACHE_MASK(2 * slots);
	u->cache_losses = 0;
	u->wants_cache = false;
	for (size_t i = 0; i < slots; i++)
		if (old[i].pc)
			put(u, &old[i]);
	return old == u->large_cache ? NULL : old;
}

void da_cache_clear(struct da_unwind *u)
{
	da_zero(u->cache, slots_of(u) * sizeof *u->cache);
}
