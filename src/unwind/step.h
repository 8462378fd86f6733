/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Executing a rule: the only code of the unwinder that reads the stack. */
#ifndef DA_UNWIND_STEP_H
#define DA_UNWIND_STEP_H

#include "unwind/rule.h"
#include "unwind/unwind.h"

/** A frame on the way out: the registers as they are when control is (back) in it. */
struct da_frame {
	uintptr_t pc, sp, fp;
	/** The link register; meaningful only while @exact (right after a signal frame). */
	uintptr_t lr;
	/** The second frame pointer; meaningful only with DA_CPU_FP2. */
	uintptr_t fp2;
	/** The pc is the interrupted instruction itself, not a return address. */
	bool exact;
	/** sp is only a lower bound: rules based on it cannot be executed. */
	bool sp_lost;
	/** fp is not known: rules based on it cannot be executed. */
	bool fp_lost;
};

/**
 * Apply @rule to @frame, giving the caller's frame in @out (which may not be @frame).
 *
 * Every word read is aligned and lies in [frame->sp, stack_hi); the new sp is greater than the old
 * one (equal only for an interrupted leaf function), so that a walk always ends.
 * @return false, with the reason in *end_out, when there is no caller to go to: COMPLETE for
 * DA_RULE_END, and for a return address (of a rule that is no guess) or a base of 0, by which
 * psABIs mark the outermost frame.
 */
bool da_step(const struct da_rule *rule, const struct da_frame *frame, uintptr_t stack_hi,
	     struct da_frame *out, enum da_unwind_end *end_out);

#endif
