/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cache.h"

#include "base/bytes.h"

_Static_assert((DA_UNWIND_CACHE_SLOTS & (DA_UNWIND_CACHE_SLOTS - 1)) == 0, "a power of two");
_Static_assert(DA_UNWIND_CACHE_SLOTS >= 1u << DA_CACHE_FIRST_LOG, "the first slots are there");

void da_cache_refresh(struct da_unwind *u)
{
	uint32_t generation = __atomic_load_n(&u->modules->generation, __ATOMIC_ACQUIRE);

	if (generation == u->cache_generation)
		return;
	da_zero(u->cache, da_cache_slots(u) * sizeof *u->cache);
	u->cache_generation = generation;
}

size_t da_unwind_cache_bytes(void)
{
	return DA_UNWIND_CACHE_SLOTS * sizeof(struct da_unwind_cache);
}
