/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Rules from ARM code, where no tables exist (for C: by default). */
#ifndef DA_UNWIND_ARM_SCAN_H
#define DA_UNWIND_ARM_SCAN_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/**
 * Find the prologue that belongs to @pc (bit 0 clear; the return address, or the interrupted
 * instruction): the nearest push of lr before it, and what it does to sp up to its first branch.
 *
 * In Thumb code the second half of a long instruction can look like a push. Only with @any such
 * pushes count that decoding from some place before does not arrive at.
 *
 * The rule is based on r11 or r7 where sp is changed by an amount that the code does not tell and
 * the prologue has set that register. Only reads the text given, so it runs on any machine.
 */
bool da_arm_scan_prologue(const struct da_image *text, da_addr pc, bool thumb, bool any,
			  struct da_rule *rule_out);

#endif
