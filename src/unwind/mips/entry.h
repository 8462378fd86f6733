/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Assembly entries of interposed functions, MIPS o32, n32, n64. Contract: x86_64/entry.h. */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry: called from assembly, within the shim. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

/*
 * What differs between the ABIs. The PIC calling convention (all ABIs) has the function's address
 * in $25 at entry, from which gp is computed; o32 callees may clobber gp, n32/n64 callees must
 * restore it. W stores a word of the struct (sizeof(uintptr_t)), S and L a whole register.
 *
 * o32 frame, 80 bytes: argument area 0, struct (44 bytes) 16, ra 76.
 * n32 frame, 80 bytes: struct (44 bytes) 0, gp 64, ra 72.
 * n64 frame, 112 bytes: struct (88 bytes) 0, gp 96, ra 104.
 */
/* clang-format off */
#if _MIPS_SIM == _ABIO32
#define DA_ENTRY_FRAME "80"
#define DA_ENTRY_RA "76"
#define DA_ENTRY_RA_CFA "-4"
#define DA_ENTRY_ADD "addiu"
#define DA_ENTRY_S "sw"
#define DA_ENTRY_L "lw"
#define DA_ENTRY_W "sw"
#define DA_ENTRY_GOT "lw"
#define DA_ENTRY_AT(i) "16+4*" #i
#define DA_ENTRY_SET_GP(name) "	.cpload	$25\n"
#define DA_ENTRY_SAVE_GP(name) ""
#define DA_ENTRY_RESTORE_GP ""
#else
#define DA_ENTRY_S "sd"
#define DA_ENTRY_L "ld"
#define DA_ENTRY_RA_CFA "-8"
#define DA_ENTRY_SET_GP(name) ""
#define DA_ENTRY_SAVE_GP(name) "	.cpsetup $25, " DA_ENTRY_GP ", " #name "\n"
#define DA_ENTRY_RESTORE_GP "	.cpreturn\n"
#if _MIPS_SIM == _ABIN32
#define DA_ENTRY_FRAME "80"
#define DA_ENTRY_RA "72"
#define DA_ENTRY_GP "64"
#define DA_ENTRY_ADD "addiu"
#define DA_ENTRY_W "sw"
#define DA_ENTRY_GOT "lw"
#define DA_ENTRY_AT(i) "4*" #i
#else
#define DA_ENTRY_FRAME "112"
#define DA_ENTRY_RA "104"
#define DA_ENTRY_GP "96"
#define DA_ENTRY_ADD "daddiu"
#define DA_ENTRY_W "sd"
#define DA_ENTRY_GOT "ld"
#define DA_ENTRY_AT(i) "8*" #i
#endif
#endif

/** Define the exported function @name over da_entry_<name>(); see x86_64/entry.h. */
#define DA_ENTRY(name) \
__asm__(".pushsection .text\n" \
	"	.set	push\n" \
	"	.set	nomips16\n" \
	"	.set	nomicromips\n" \
	"	.set	noreorder\n" \
	"	.globl	" #name "\n" \
	"	.type	" #name ", @function\n" \
	"	.hidden	da_entry_" #name "\n" \
	"	.p2align 2\n" \
	"	.ent	" #name "\n" \
	#name ":\n" \
	"	.frame	$sp, " DA_ENTRY_FRAME ", $31\n" \
	"	.mask	0x80000000, " DA_ENTRY_RA_CFA "\n" \
	"	.cfi_startproc\n" \
	DA_ENTRY_SET_GP(name) \
	"	" DA_ENTRY_ADD "	$sp, $sp, -" DA_ENTRY_FRAME "\n" \
	"	.cfi_def_cfa_offset " DA_ENTRY_FRAME "\n" \
	"	" DA_ENTRY_S "	$31, " DA_ENTRY_RA "($sp)\n" \
	"	.cfi_offset 31, " DA_ENTRY_RA_CFA "\n" \
	DA_ENTRY_SAVE_GP(name) \
	"	" DA_ENTRY_ADD "	$8, $sp, " DA_ENTRY_FRAME "\n" \
	"	" DA_ENTRY_W "	$31, " DA_ENTRY_AT(0) "($sp)\n" \
	"	" DA_ENTRY_W "	$8, " DA_ENTRY_AT(1) "($sp)\n" \
	"	" DA_ENTRY_W "	$30, " DA_ENTRY_AT(2) "($sp)\n" \
	"	" DA_ENTRY_W "	$16, " DA_ENTRY_AT(3) "($sp)\n" \
	"	" DA_ENTRY_W "	$17, " DA_ENTRY_AT(4) "($sp)\n" \
	"	" DA_ENTRY_W "	$18, " DA_ENTRY_AT(5) "($sp)\n" \
	"	" DA_ENTRY_W "	$19, " DA_ENTRY_AT(6) "($sp)\n" \
	"	" DA_ENTRY_W "	$20, " DA_ENTRY_AT(7) "($sp)\n" \
	"	" DA_ENTRY_W "	$21, " DA_ENTRY_AT(8) "($sp)\n" \
	"	" DA_ENTRY_W "	$22, " DA_ENTRY_AT(9) "($sp)\n" \
	"	" DA_ENTRY_W "	$23, " DA_ENTRY_AT(10) "($sp)\n" \
	"	" DA_ENTRY_GOT "	$25, %call16(da_entry_" #name ")($28)\n" \
	"	jalr	$25\n" \
	"	" DA_ENTRY_ADD "	$7, $sp, " DA_ENTRY_AT(0) "\n" \
	"	" DA_ENTRY_L "	$31, " DA_ENTRY_RA "($sp)\n" \
	DA_ENTRY_RESTORE_GP \
	"	jr	$31\n" \
	"	" DA_ENTRY_ADD "	$sp, $sp, " DA_ENTRY_FRAME "\n" \
	"	.cfi_endproc\n" \
	"	.end	" #name "\n" \
	"	.size	" #name ", .-" #name "\n" \
	"	.set	pop\n" \
	"	.popsection\n");
/* clang-format on */

#endif
