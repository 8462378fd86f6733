/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** RISC-V return addresses: which words can be one, and those that need no scan. */
#ifndef DA_UNWIND_RISCV_SPECIAL_H
#define DA_UNWIND_RISCV_SPECIAL_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/** Whether @pc stands behind a call. */
bool da_riscv_is_behind_call(const struct da_image *text, da_addr pc);

/**
 * The rule for the vDSO's signal trampoline at @pc, and for the start code of musl's threads
 * (DA_RULE_END).
 *
 * Source: Linux arch/riscv/kernel/vdso/rt_sigreturn.S, signal.c (struct rt_sigframe) and
 * uapi/asm/ucontext.h, ptrace.h (struct user_regs_struct: pc, then x1 to x31).
 */
bool da_riscv_special_find(const struct da_image *text, da_addr pc, struct da_rule *rule_out);

#endif
