/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** ARM return addresses: which words can be one, and those that need no scan. */
#ifndef DA_UNWIND_ARM_SPECIAL_H
#define DA_UNWIND_ARM_SPECIAL_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/** Whether @pc, whose bit 0 tells Thumb code, stands behind a call. */
bool da_arm_is_behind_call(const struct da_image *text, da_addr pc);

/**
 * The rule for the signal trampolines at @pc (mov r7, #119 or #173; svc 0: sigreturn and
 * rt_sigreturn of libcs), and for the start code of threads (DA_RULE_END).
 *
 * Source: Linux arch/arm/kernel/signal.c, signal.h (struct sigframe, rt_sigframe) and
 * uapi/asm/sigcontext.h.
 */
bool da_arm_special_find(const struct da_image *text, da_addr pc, struct da_rule *rule_out);

#endif
