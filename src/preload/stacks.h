/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The stacks a thread has already defined: 64-bit hash to stack id. */
#ifndef DA_PRELOAD_STACKS_H
#define DA_PRELOAD_STACKS_H

#include "base/types.h"

/**
 * Open addressing, power-of-two capacity, at most 2/3 full; grows by mapping a table of twice the
 * size. Compact on purpose: a sparse table costs a TLB miss per look-up.
 */
struct da_stacks {
	struct da_stacks_entry
		*entries; /**< NULL until the first insertion, or lent by the caller */
	uint32_t capacity, n;
	bool is_lent; /**< @entries are the caller's and are not unmapped */
};

/** One known stack; id 0 marks a free place. */
struct da_stacks_entry {
	uint32_t hash_lo, hash_hi;
	uint32_t id;
};

/** Entries worth lending at first: enough for a thread that does little. */
#define DA_STACKS_LENT 64u

/** Id of the stack with @hash, 0 when it is not known. */
uint32_t da_stacks_find(const struct da_stacks *s, uint64_t hash);

/**
 * Remember that the stack with @hash has @id. Without memory it is forgotten and defined anew next
 * time.
 */
void da_stacks_insert(struct da_stacks *s, uint64_t hash, uint32_t id);

/** Forget all, keep the memory. */
void da_stacks_clear(struct da_stacks *s);

#endif
