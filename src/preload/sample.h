/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Which allocations have their stack recorded under --sample: a Poisson process on the line of all
 * bytes that a thread asks for, one point per @mean bytes on average. A block that holds at least
 * one point is taken, so a block of n bytes is with
 *
 *     p(n) = 1 - exp(-n / mean)
 *
 * independently of all others, whatever came before it: the distance to the next point has no
 * memory. A block of 0 bytes never is.
 */
#ifndef DA_PRELOAD_SAMPLE_H
#define DA_PRELOAD_SAMPLE_H

#include "base/types.h"
#include "codec/format.h"

/** One thread's place on its line. */
struct da_sample {
	uint64_t left; /**< whole bytes in front of the next point */
	uint64_t state; /**< of the random numbers */
	uint32_t mean; /**< bytes, 1 … DA_STREAM_MAX_SAMPLE */
};

/** Begin a line. Lines with different @seed are independent of each other. */
void da_sample_init(struct da_sample *s, uint32_t mean, uint64_t seed);

/** Draw the distance to the next point into s->left. 40 ns (x86-64, 2026-11). */
void da_sample_draw(struct da_sample *s);

/** Whether the next block, of @bytes, is taken. Half a nanosecond, unless it is. */
static inline bool da_sample_takes(struct da_sample *s, uint64_t bytes)
{
	if (__builtin_expect(bytes <= s->left, 1)) {
		s->left -= bytes;
		return false;
	}
	da_sample_draw(s);
	return true;
}

/**
 * -ln((2 @r + 1) / 2^33) in units of 2^-28, to within two units: from 2^-33 to 22.9 of an
 * exponential distribution for the 2^32 values of @r. Integers alone, for CPUs without an FPU.
 */
uint64_t da_sample_minus_ln(uint32_t r);

#endif
