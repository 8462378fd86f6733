/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The registers from which a walk starts, as the entry of an interposed function saves them. */
#ifndef DA_UNWIND_START_H
#define DA_UNWIND_START_H

#include "base/types.h"

/**
 * The caller's state at the call of an interposed function (malloc, free, ...), CPU-neutral.
 *
 * Filled by the assembly entries of <arch>/entry.h, which know the offsets of the fields: word i of
 * the struct is pc, sp, fp, s[0] ... s[7]. The registers are those before the interposed function
 * changed anything, independent of how the compiler treats the C code behind the entry.
 */
struct da_unwind_start {
	/** Return address of the interposed call: where malloc returns to. */
	uintptr_t pc;
	/** The caller's stack pointer at the call = the CFA of the interposed function. */
	uintptr_t sp;
	/** The caller's frame pointer register: rbp, ebp, x29, s8 ($30), s0, r11; 0 in generic
	 * entries. */
	uintptr_t fp;
	/**
	 * MIPS: the caller's s0-s7 ($16-$23); ARM: r7 in s[0]. Elsewhere, and beyond that, not even
	 * in memory: do not read, do not copy.
	 */
	uintptr_t s[8];
};

_Static_assert(sizeof(struct da_unwind_start) == 11 * sizeof(uintptr_t),
	       "the assembly entries know this layout");

#endif
