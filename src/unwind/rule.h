/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A rule: how to get from a frame to its caller. Found by pure functions, cached, executed. */
#ifndef DA_UNWIND_RULE_H
#define DA_UNWIND_RULE_H

#include "base/types.h"

/**
 * What a rule computes. CFA is the caller's stack pointer at the call; [a] is the word of the
 * target's width stored at a; base is the frame's sp or fp (enum da_rule_base).
 */
enum da_rule_kind {
	/** Nothing is known. Zero, so that zero-filled memory holds no rule. */
	DA_RULE_NONE = 0,
	/** This is the outermost frame. */
	DA_RULE_END,
	/** CFA = base + cfa_offset; pc = [CFA + ra_offset]; fp = [CFA + fp_offset] if FP_SAVED. */
	DA_RULE_FRAME,
	/** CFA = [base + cfa_offset]; pc = [CFA + ra_offset]; fp = [base + fp_offset] if FP_SAVED.
	 * (gcc's functions that realign the stack.) */
	DA_RULE_REALIGNED,
	/** The kernel's signal frame: sp = [sp + cfa_offset]; pc = [sp + ra_offset];
	 * fp = [sp + fp_offset]; lr and fp2 relative to that (cpu.h). The pc is exact, no return
	 * address. */
	DA_RULE_SIGNAL,
};

enum da_rule_base {
	DA_RULE_SP = 0,
	/** rbp, ebp, x29, s8; RISC-V: s0; ARM: r11 */
	DA_RULE_FP = 1,
	/** ARM: r7; MIPS: s1 */
	DA_RULE_FP2 = 2,
};

/** The caller's fp was saved at fp_offset; without this flag it is unchanged. */
#define DA_RULE_FP_SAVED 1u
/** The caller's fp cannot be told. */
#define DA_RULE_FP_LOST 2u
/** The return address is still in the link register (only right after a signal frame). */
#define DA_RULE_RA_IN_LR 4u
/** The CFA is no more than a lower bound of the caller's sp (AArch64 frame records). */
#define DA_RULE_SP_LOST 8u
/** A guess: the pc it yields must be checked to be a return address. */
#define DA_RULE_CHECK 16u

/** Small on purpose: one per remembered pc. Offsets are in bytes. */
struct da_rule {
	uint8_t kind; /**< enum da_rule_kind */
	uint8_t base; /**< enum da_rule_base */
	uint8_t flags; /**< DA_RULE_FP_SAVED, ... */
	/** ARM, MIPS: the caller's fp2 is [CFA - WORD * fp2_words]; 0: it is unchanged. */
	uint8_t fp2_words;
	int32_t cfa_offset;
	int32_t ra_offset;
	int32_t fp_offset;
};

_Static_assert(sizeof(struct da_rule) == 16, "rules are cached by the thousand");

#endif
