/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Rules from MIPS code, where no tables exist (for C: nearly always).
 *
 * Two methods, independent of each other: backward from the pc to the function's prologue, and
 * forward to its epilogue. Both only read the text given, so both run on any machine for either
 * byte order. 32-bit encodings; o32, n32, n64; to Release 6. (MIPS16e: mips16.h.)
 */
#ifndef DA_UNWIND_MIPS_SCAN_H
#define DA_UNWIND_MIPS_SCAN_H

#include "unwind/mips/insn.h"
#include "unwind/rule.h"

/** What a method makes of a pc. */
enum da_mips_answer {
	/** No rule. */
	DA_MIPS_NOTHING = 0,
	/** A rule, but a border between two functions may lie between the pc and what was found. */
	DA_MIPS_DOUBT,
	/** A rule. */
	DA_MIPS_FOUND,
};

/**
 * Find the prologue that belongs to the instruction at @pc (the call, not the return address):
 * the nearest decrement of sp before it that is followed by a save of ra.
 *
 * Returns in between are no boundary: they are epilogues of the same function. The rule is based on
 * s8 when the prologue makes it a frame pointer, else on sp; it tells where s8 and s1 were saved.
 * *rule_out is written only with a rule.
 */
enum da_mips_answer da_mips_scan_prologue(const struct da_mips_text *text, da_addr pc,
					  struct da_rule *rule_out);

/**
 * Find the epilogue that runs after @pc (the return address, or the interrupted instruction if
 * @exact) and read from it how the frame is taken down. DOUBT: a call on the way, which might be
 * one that does not return, or a jump to an unknown place.
 *
 * With @exact, ra may still (or again) be in its register: DA_RULE_RA_IN_LR.
 * *rule_out is written only with a rule.
 */
enum da_mips_answer da_mips_scan_epilogue(const struct da_mips_text *text, da_addr pc, bool exact,
					  struct da_rule *rule_out);

/**
 * The same for MIPS16e code; @pc is the return address in both. The nearest save of ra before it
 * counts, and the first restore behind it. A rule is based on s1 (DA_RULE_FP2) where the function
 * uses it as its frame pointer, else on sp.
 *
 * Constants lie between the instructions. If @is_short, what stands before a save is one, not its
 * extension. *pool_out, which the second one takes as @pool, is the
 * address of the first behind @pc that the code before it loads, 0 if there is none.
 */
enum da_mips_answer da_mips16_scan_prologue(const struct da_mips_text *text, da_addr pc,
					    bool is_short, struct da_rule *rule_out,
					    da_addr *pool_out);
/** @copydoc da_mips16_scan_prologue */
enum da_mips_answer da_mips16_scan_epilogue(const struct da_mips_text *text, da_addr pc, bool exact,
					    da_addr pool, struct da_rule *rule_out);

/**
 * The rule for @pc, a return address (bit 0: in MIPS16 code) or, if @exact, an interrupted
 * instruction; DA_RULE_NONE if there is none.
 *
 * Both methods are asked (the second alone if @exact). Where they contradict each other there is no
 * rule. A prologue in doubt counts only if the epilogue agrees; an epilogue also if no prologue is
 * found. All rules are marked DA_RULE_CHECK.
 */
void da_mips_scan(const struct da_mips_text *text, da_addr pc, bool exact,
		  struct da_rule *rule_out);

#endif
