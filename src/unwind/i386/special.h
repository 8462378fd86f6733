/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** i386 return addresses: which words can be one, and the kernel's frames. */
#ifndef DA_UNWIND_I386_SPECIAL_H
#define DA_UNWIND_I386_SPECIAL_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/** Whether @pc stands behind a call, or on a signal trampoline. */
bool da_i386_is_return(const struct da_image *text, da_addr pc);

/**
 * The rule for the signal trampolines at @pc: sigreturn (the handler had no SA_SIGINFO) and
 * rt_sigreturn, of the vDSO and of libcs.
 *
 * Source: Linux arch/x86/entry/vdso/vdso32/sigreturn.S and arch/x86/include/asm/sigframe.h,
 * uapi/asm/sigcontext.h.
 */
bool da_i386_find_signal(const struct da_image *text, da_addr pc, struct da_rule *rule_out);

#endif
