/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Rules from RISC-V code. gcc before 13 makes no unwind tables for C there: of Debian 12's libc
 * 29 % of the functions have one.
 *
 * Two methods, independent of each other: backward from the pc to the function's prologue, and
 * forward to its epilogue. Both only read the text given, so both run on any machine.
 */
#ifndef DA_UNWIND_RISCV_SCAN_H
#define DA_UNWIND_RISCV_SCAN_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/**
 * Find the prologue that belongs to @pc (the return address, or the interrupted instruction): the
 * nearest decrement of sp before it that is followed by a save of ra.
 *
 * Instructions are two or four bytes long, so a decrement is only believed if decoding from it on
 * arrives at @pc. The rule is based on s0 where sp is changed by an amount that the code does not
 * tell and s0 is the frame pointer.
 */
bool da_riscv_scan_prologue(const struct da_image *text, da_addr pc, struct da_rule *rule_out);

/**
 * Find the return that follows @pc, and read from the way to it how the frame is taken down.
 *
 * With @exact, ra may still (or again) be in its register: DA_RULE_RA_IN_LR.
 */
bool da_riscv_scan_epilogue(const struct da_image *text, da_addr pc, bool exact,
			    struct da_rule *rule_out);

#endif
