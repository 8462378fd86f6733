/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Assembly entries of interposed functions, RISC-V 64 and 32. Contract: x86_64/entry.h. */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry: called from assembly, within the shim. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

#if __riscv_xlen == 64
#define DA_ENTRY_S "sd"
#define DA_ENTRY_L "ld"
#define DA_ENTRY_AT(i) "8*" #i
#define DA_ENTRY_RA_CFA "-8"
#else
#define DA_ENTRY_S "sw"
#define DA_ENTRY_L "lw"
#define DA_ENTRY_AT(i) "4*" #i
#define DA_ENTRY_RA_CFA "-4"
#endif

/**
 * Define the exported function @name over da_entry_<name>(); see x86_64/entry.h.
 *
 * Frame of eight words: the struct's first three at 0, ra in the last; no
 * room is made for s[], which nobody reads here.
 */
/* clang-format off */
#define DA_ENTRY(name) \
__asm__(".pushsection .text\n" \
	"	.globl	" #name "\n" \
	"	.type	" #name ", @function\n" \
	"	.hidden	da_entry_" #name "\n" \
	"	.p2align 2\n" \
	#name ":\n" \
	"	.cfi_startproc\n" \
	"	addi	sp, sp, -(" DA_ENTRY_AT(8) ")\n" \
	"	.cfi_def_cfa_offset " DA_ENTRY_AT(8) "\n" \
	"	" DA_ENTRY_S "	ra, " DA_ENTRY_AT(7) "(sp)\n" \
	"	.cfi_offset ra, " DA_ENTRY_RA_CFA "\n" \
	"	addi	t0, sp, " DA_ENTRY_AT(8) "\n" \
	"	" DA_ENTRY_S "	ra, " DA_ENTRY_AT(0) "(sp)\n" \
	"	" DA_ENTRY_S "	t0, " DA_ENTRY_AT(1) "(sp)\n" \
	"	" DA_ENTRY_S "	s0, " DA_ENTRY_AT(2) "(sp)\n" \
	"	mv	a3, sp\n" \
	"	call	da_entry_" #name "\n" \
	"	" DA_ENTRY_L "	ra, " DA_ENTRY_AT(7) "(sp)\n" \
	"	.cfi_restore ra\n" \
	"	addi	sp, sp, " DA_ENTRY_AT(8) "\n" \
	"	.cfi_def_cfa_offset 0\n" \
	"	ret\n" \
	"	.cfi_endproc\n" \
	"	.size	" #name ", .-" #name "\n" \
	"	.popsection\n");
/* clang-format on */

#endif
