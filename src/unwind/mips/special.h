/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** MIPS return addresses: which words can be one, and those that need no scan. */
#ifndef DA_UNWIND_MIPS_SPECIAL_H
#define DA_UNWIND_MIPS_SPECIAL_H

#include "unwind/mips/insn.h"
#include "unwind/rule.h"

/** How a return address relates to its call. */
enum da_mips_call {
	DA_MIPS_NO_CALL = 0,
	/** A call with a delay slot, at the return address - 8. */
	DA_MIPS_CALL = 8,
	/** A Release 6 call without, at the return address - 4. */
	DA_MIPS_COMPACT_CALL = 4,
};

/** Which call, if any, returns to @pc. Bit 0 set (MIPS16, microMIPS): none that we can read. */
enum da_mips_call da_mips_call_before(const struct da_mips_text *text, da_addr pc);

/**
 * The rule for the signal trampolines at @pc (li v0, NR; syscall: o32 sigreturn and rt_sigreturn,
 * n32, n64), and for the start code of threads and of ld.so (DA_RULE_END).
 *
 * Source: Linux arch/mips/vdso/sigreturn.S and asm/sigcontext.h; offsets measured on Linux 6.1.
 */
bool da_mips_special_find(const struct da_mips_text *text, da_addr pc, struct da_rule *rule_out);

#endif
