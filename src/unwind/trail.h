/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The trail: the frames of a thread's last walk, outermost first, kept to shorten the next.
 *
 * A frame's caller depends only on the frame (pc, sp, and fp where a rule uses it) and on the words
 * that its rule reads from the stack. So when the words that led outwards from a remembered frame
 * are unchanged, a new walk that arrives at an equal frame will go on as the last one did, and need
 * not go on at all. The words are compared from the outermost frame inwards, up to the first that
 * has changed.
 *
 * A walk leaves its frames as it made them. What makes checking and joining fast is prepared for a
 * frame at the first check that finds its words unchanged: frames that come and go cost nothing.
 */
#ifndef DA_UNWIND_TRAIL_H
#define DA_UNWIND_TRAIL_H

#include "unwind/packed.h"
#include "unwind/unwind.h"

/** Bits of a frame's state. Steps from a frame with any of them are made the slow way. */
#define DA_STATE_EXACT 1u
#define DA_STATE_SP_LOST 2u
#define DA_STATE_FP_LOST 4u
#define DA_STATE_MASK 7u

/** One frame. Of the outermost, @rule has the state alone. */
struct da_trail_frame {
	uintptr_t pc, sp, fp;
#if DA_CPU_FP2
	uintptr_t fp2;
#endif
	struct da_packed rule; /**< that led out of it; and its state, see da_trail_state() */
};

/** What is prepared of a frame and all outer ones. */
struct da_trail_sum {
	uint64_t hash; /**< of their pcs */
	uint64_t power; /**< of the hash's base: what the next frame's pc counts */
	uint32_t n_words; /**< in u->words */
	bool needs_fp; /**< whether the way out of this frame depends on its fp */
};

/** A word that led from a frame to its caller. */
struct da_trail_word {
	uintptr_t at, value;
};

/** Words of the one frame that has most: CFA, return address, fp, and fp2 where there is one. */
#define DA_TRAIL_WORDS_PER_FRAME 4u
/** Room for words per frame; few frames have more than one. */
#define DA_TRAIL_WORDS_KEPT 2u

/** DA_STATE_... of @f. */
static inline uint32_t da_trail_state(const struct da_trail_frame *f)
{
	return f->rule.head >> DA_PACKED_STATE_SHIFT & DA_STATE_MASK;
}

/**
 * Hash of the frames from the innermost outwards, @h that of those before @pc: a polynomial, so
 * that frames can be hashed as they are found and joined to those whose hash is known.
 */
static inline uint64_t da_trail_roll(uint64_t h, uintptr_t pc, bool exact)
{
	/* 2^64 divided by the golden ratio, odd, and 5 modulo 8: the longest period */
	const uint64_t base = 0x9e3779b97f4a7c15u;
	uint64_t x = (pc ^ (uint64_t)exact << 63) * 0xd1b54a32d192ed03u;

	return h * base + (x ^ x >> 32);
}

/** The end of u->hash's making: stacks that end differently are different. */
static inline uint64_t da_trail_end_hash(uint64_t h, enum da_unwind_end end)
{
	return h + (uint64_t)end * 0xaef17502108ef2d9u;
}

/** Forget the last walk. */
static inline void da_trail_clear(struct da_unwind *u)
{
	u->trail_n = 0;
	u->checked_n = 0;
}

/** Make room for stacks of u->max_depth frames; forgets the last walk. @return false: there is. */
bool da_trail_grow(struct da_unwind *u);

/**
 * How many of the last walk's outer frames may be arrived at by a walk that starts at @sp: their
 * words lie above it and are unchanged. u->sums are prepared for them; the others are forgotten.
 * Reads only words in [sp, stack_hi).
 */
uint32_t da_trail_check(struct da_unwind *u, uintptr_t sp);

#endif
