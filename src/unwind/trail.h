/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The trail: the frames of a thread's last walk, outermost first, kept to shorten the next.
 *
 * A frame's caller depends only on the frame (pc, sp, and fp where a rule uses it) and on the words
 * that its rule reads from the stack. So when the words that led outwards from a remembered frame
 * are unchanged, a new walk that arrives at an equal frame will go on as the last one did, and need
 * not go on at all. The words are compared from the outermost frame inwards, up to the first that
 * has changed.
 */
#ifndef DA_UNWIND_TRAIL_H
#define DA_UNWIND_TRAIL_H

#include "unwind/packed.h"
#include "unwind/unwind.h"

/** Bits of a frame's state. Steps from a frame with any of them are made the slow way. */
#define DA_STATE_EXACT 1u
#define DA_STATE_SP_LOST 2u
#define DA_STATE_FP_LOST 4u

/** What is remembered of a frame besides its pc, which is in u->pcs at the same index. */
struct da_trail_frame {
	uintptr_t sp, fp;
#if DA_CPU_FP2
	uintptr_t fp2;
#endif
	/** Of the pcs of this frame and all outer ones. */
	uint64_t hash;
	/** Words to compare for this frame and all outer ones. */
	uint32_t n_words;
	uint8_t state;
	/** Whether the way out of this frame depends on fp. */
	bool needs_fp;
};

/** A word that led from a frame to its caller. */
struct da_trail_word {
	uintptr_t at, value;
};

/** A frame of the walk that is being made, innermost first, and the rule that led out of it. */
struct da_trail_step {
	uintptr_t pc, sp, fp;
#if DA_CPU_FP2
	uintptr_t fp2;
#endif
	struct da_packed rule;
	uint32_t state;
};

/** Words for the one frame that has most: CFA, return address, fp, and fp2 where there is one. */
#define DA_TRAIL_WORDS_PER_FRAME 4u
/** Room for words per frame that is kept; few frames need more than one. */
#define DA_TRAIL_WORDS_KEPT 2u

/** The end of u->hash's making: stacks that end differently are different. */
static inline uint64_t da_trail_end_hash(uint64_t h, enum da_unwind_end end)
{
	return h + (uint64_t)end * 0xd1b54a32d192ed03u;
}

/** Forget the last walk. */
static inline void da_trail_clear(struct da_unwind *u)
{
	u->trail_n = 0;
}

/** Make room for stacks of u->max_depth frames; forgets the last walk. @return false: there is. */
bool da_trail_grow(struct da_unwind *u);

/**
 * How many of the last walk's outer frames may be arrived at by a walk that starts at @sp: their
 * words lie above it and are unchanged. Reads only words in [sp, stack_hi).
 */
uint32_t da_trail_check(const struct da_unwind *u, uintptr_t sp);

/**
 * Remember the walk that made the @n steps u->steps[] and, if @joined, then arrived at the
 * remembered frame @at: u->n, pcs, exact, hash (by u->end) become its result.
 */
void da_trail_keep(struct da_unwind *u, uint32_t n, bool joined, uint32_t at);

/** Set u->hash for the result in u->pcs, which no walk of our own made. */
void da_trail_hash(struct da_unwind *u);

#endif
