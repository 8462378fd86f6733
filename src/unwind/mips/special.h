/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** MIPS return addresses: which words can be one, and those that need no scan. */
#ifndef DA_UNWIND_MIPS_SPECIAL_H
#define DA_UNWIND_MIPS_SPECIAL_H

#include "unwind/mips/insn.h"
#include "unwind/rule.h"

/**
 * How far before the return address @pc the call lies that returns there, in bytes; 0: there is
 * none. Bit 0 set: MIPS16e code (or microMIPS, of which nothing is known: 0).
 */
unsigned da_mips_call_before(const struct da_mips_text *text, da_addr pc);

/**
 * The rule for the signal trampolines at @pc (li v0, NR; syscall: o32 sigreturn and rt_sigreturn,
 * n32, n64), and for the start code of threads and of ld.so (DA_RULE_END).
 *
 * Source: Linux arch/mips/vdso/sigreturn.S and asm/sigcontext.h; offsets measured on Linux 6.1.
 */
bool da_mips_special_find(const struct da_mips_text *text, da_addr pc, struct da_rule *rule_out);

#endif
