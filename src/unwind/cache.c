/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cache.h"

#include "base/bytes.h"

_Static_assert((DA_CACHE_SLOTS & (DA_CACHE_SLOTS - 1)) == 0, "a power of two");
_Static_assert((DA_CACHE_FIRST_SLOTS & (DA_CACHE_FIRST_SLOTS - 1)) == 0, "a power of two");

/*
 * Twice the slots once as many rules were stored as there are slots. The first slots lie apart,
 * with the thread's other small things; what they held is found anew.
 */
static void grow(struct da_unwind *u)
{
	u->cache_fills = 0;
	u->cache_mask = 2 * u->cache_mask + 1;
	u->cache = u->large_cache;
}

void da_cache_put(struct da_unwind *u, uintptr_t pc, const struct da_rule *rule)
{
	struct da_unwind_cache *slot;
	struct da_packed packed;

	if (!da_packed_put(&packed, rule))
		return;
	/* rules left where the smaller cache had them are found by nobody and do no harm */
	if (++u->cache_fills > u->cache_mask && u->cache_mask < DA_CACHE_SLOTS - 1)
		grow(u);
	slot = da_cache_slot(u, pc);
	slot->pc = pc;
	slot->rule = packed;
}

void da_cache_clear(struct da_unwind *u)
{
	da_zero(u->cache, (u->cache_mask + 1) * sizeof *u->cache);
}
