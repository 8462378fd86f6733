/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the CPU this code runs on adds: the order of rule sources, and its special frames. Each
 * architecture's folder defines these functions in native.c; the build selects one.
 */
#ifndef DA_UNWIND_NATIVE_H
#define DA_UNWIND_NATIVE_H

#include "unwind/rule.h"
#include "unwind/unwind.h"

/** A pc whose rule is wanted. */
struct da_query {
	/** The module that holds it. */
	const struct da_module *module;
	uintptr_t pc;
	/** An interrupted instruction, not a return address. */
	bool exact;
	enum da_unwind_mode mode;
};

/**
 * Ask the @attempt-th source (from 0) for the rule of a pc: best source first. The answer may be
 * DA_RULE_NONE; then, or when its result turns out wrong, ask the next.
 * @return false when there is no such source.
 */
bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out);

/**
 * Whether @pc, which lies in @m or is its text_hi, can be a return address: in text, aligned,
 * behind a call or at a signal trampoline. Reads only text.
 */
bool da_native_is_return(const struct da_module *m, uintptr_t pc);

#endif
