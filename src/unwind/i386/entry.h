/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Assembly entries of interposed functions, i386 (System V ABI). Contract: x86_64/entry.h. */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry: called from assembly, within the shim. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

/**
 * Define the exported function @name over da_entry_<name>(); see x86_64/entry.h.
 *
 * Frame of 28 bytes: the four arguments at 0, the struct's first three words at 16; esp is 16-byte
 * aligned for the call if it was for ours. Three arguments are copied, though the caller may have
 * given fewer; what lies there is its own frame. ebx stays as it is, the call being direct.
 */
/* clang-format off */
#define DA_ENTRY(name) \
__asm__(".pushsection .text\n" \
	"	.globl	" #name "\n" \
	"	.type	" #name ", @function\n" \
	"	.hidden	da_entry_" #name "\n" \
	"	.p2align 4\n" \
	#name ":\n" \
	"	.cfi_startproc\n" \
	"	subl	$28, %esp\n" \
	"	.cfi_def_cfa_offset 32\n" \
	"	movl	28(%esp), %eax\n" \
	"	leal	32(%esp), %ecx\n" \
	"	movl	%eax, 16(%esp)\n" \
	"	movl	%ecx, 20(%esp)\n" \
	"	movl	%ebp, 24(%esp)\n" \
	"	movl	(%ecx), %eax\n" \
	"	movl	4(%ecx), %edx\n" \
	"	movl	8(%ecx), %ecx\n" \
	"	movl	%eax, (%esp)\n" \
	"	movl	%edx, 4(%esp)\n" \
	"	movl	%ecx, 8(%esp)\n" \
	"	leal	16(%esp), %eax\n" \
	"	movl	%eax, 12(%esp)\n" \
	"	call	da_entry_" #name "\n" \
	"	addl	$28, %esp\n" \
	"	.cfi_def_cfa_offset 4\n" \
	"	ret\n" \
	"	.cfi_endproc\n" \
	"	.size	" #name ", .-" #name "\n" \
	"	.popsection\n");
/* clang-format on */

#endif
