/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Assembly entries of interposed functions, x86-64 (System V ABI).
 *
 * The same file exists for each architecture; the build selects one by include path.
 */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry: called from assembly, within the shim. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

/**
 * Define the exported function @name: saves the caller's registers as a struct da_unwind_start on
 * its own stack frame and calls
 *
 *     DA_ENTRY_TARGET R da_entry_<name>(A a, B b, C c, const struct da_unwind_start *start);
 *
 * with the first three integer arguments unchanged and the struct's address (valid during the call)
 * as the fourth; returns its result. A, B, C and R are integers or pointers no wider than a
 * register; R may be void. Use it at file scope, without a semicolon.
 *
 * The symbol is global, typed and sized; it carries unwind information, so that debuggers and
 * exceptions pass. The call goes straight to the hidden symbol: no PLT, no text relocation.
 *
 * Frame: 24 bytes hold the struct's first three words, and leave rsp 16-byte aligned for the call.
 * No room is made for s[], which nobody reads here: a handler on the smallest signal stack has some
 * 400 bytes.
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
	"	endbr64\n" \
	"	movq	(%rsp), %rax\n" \
	"	leaq	8(%rsp), %r10\n" \
	"	subq	$24, %rsp\n" \
	"	.cfi_def_cfa_offset 32\n" \
	"	movq	%rax, (%rsp)\n" \
	"	movq	%r10, 8(%rsp)\n" \
	"	movq	%rbp, 16(%rsp)\n" \
	"	movq	%rsp, %rcx\n" \
	"	call	da_entry_" #name "\n" \
	"	addq	$24, %rsp\n" \
	"	.cfi_def_cfa_offset 8\n" \
	"	ret\n" \
	"	.cfi_endproc\n" \
	"	.size	" #name ", .-" #name "\n" \
	"	.popsection\n");
/* clang-format on */

#endif
