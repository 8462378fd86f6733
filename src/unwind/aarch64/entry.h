/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Assembly entries of interposed functions, AArch64 (AAPCS64). Contract: x86_64/entry.h. */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry: called from assembly, within the shim. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

/**
 * Define the exported function @name over da_entry_<name>(); see x86_64/entry.h.
 *
 * Frame of 48 bytes: x29 and x30 at 0, the struct's first three words at 16; no room is made for
 * s[], which nobody reads here. x30 is not signed: it is the raw return address. "hint 34" is
 * bti c, a no-op where there is no BTI.
 */
/* clang-format off */
#define DA_ENTRY(name) \
__asm__(".pushsection .text\n" \
	"	.globl	" #name "\n" \
	"	.type	" #name ", %function\n" \
	"	.hidden	da_entry_" #name "\n" \
	"	.p2align 4\n" \
	#name ":\n" \
	"	.cfi_startproc\n" \
	"	hint	34\n" \
	"	mov	x9, sp\n" \
	"	stp	x29, x30, [sp, -48]!\n" \
	"	.cfi_def_cfa_offset 48\n" \
	"	.cfi_offset 29, -48\n" \
	"	.cfi_offset 30, -40\n" \
	"	stp	x30, x9, [sp, 16]\n" \
	"	str	x29, [sp, 32]\n" \
	"	mov	x29, sp\n" \
	"	add	x3, sp, 16\n" \
	"	bl	da_entry_" #name "\n" \
	"	ldp	x29, x30, [sp], 48\n" \
	"	.cfi_def_cfa_offset 0\n" \
	"	.cfi_restore 29\n" \
	"	.cfi_restore 30\n" \
	"	ret\n" \
	"	.cfi_endproc\n" \
	"	.size	" #name ", .-" #name "\n" \
	"	.popsection\n");
/* clang-format on */

#endif
