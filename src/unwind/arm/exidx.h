/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Rules from ARM's exception index tables (.ARM.exidx, .ARM.extab).
 *
 * They describe frames as they are at calls: right for return addresses, a guess elsewhere. Code
 * that the compiler made no table for (C, by default) is covered by an entry that says "cannot
 * unwind", as are the outermost frames; so that entry is no rule, not the end.
 *
 * Source: Exception Handling ABI for the Arm Architecture (IHI 0038), sections 5 to 7 and 10.
 */
#ifndef DA_UNWIND_ARM_EXIDX_H
#define DA_UNWIND_ARM_EXIDX_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/** A module's tables. */
struct da_arm_tables {
	/** The segment(s) that hold both. */
	struct da_image image;
	/** PT_ARM_EXIDX. */
	da_addr index;
	size_t index_size;
};

/**
 * Find the rule for the instruction at @pc (bit 0 is ignored): for a return address, one in the
 * call.
 * @return false when there is no entry, it cannot be unwound or is damaged, or it says what a rule
 * cannot. Reads nothing outside the image; its time is bounded by the size of one entry.
 */
bool da_arm_exidx_find(const struct da_arm_tables *t, da_addr pc, struct da_rule *rule_out);

#endif
