/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Chains of calls through functions with frames of all kinds, at random but the same each time. */
#ifndef DA_TESTS_UNWIND_TRUTH_HARD_H
#define DA_TESTS_UNWIND_TRUTH_HARD_H

#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define STEP __attribute__((noinline))
#else
#define STEP __attribute__((noinline, noclone))
#endif
#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

typedef int step_fn(int n, int x);

extern step_fn *const steps[];
extern const unsigned n_steps;
extern unsigned long long dice_state;
/** Bytes of stack that the chain may still use. */
extern long room;

static inline unsigned dice(unsigned sides)
{
	dice_state = dice_state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(dice_state >> 33) % sides;
}

/** End the chain in an allocation, or go on in any other function. */
static inline __attribute__((always_inline)) int next(int n, int x)
{
	if (n <= 0) {
		void *volatile p = malloc((size_t)(x & 63) + 1);

		free(p);
		return x + 1;
	}
	return steps[dice(n_steps)](n - 1, x);
}

#endif
