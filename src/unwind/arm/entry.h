/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Assembly entries of interposed functions, ARM (A32, Thumb-2). Contract: x86_64/entry.h. */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry: called from assembly, within the shim. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

#ifdef __thumb2__
#define DA_ENTRY_STATE "	.thumb\n	.thumb_func\n"
#else
#define DA_ENTRY_STATE "	.arm\n"
#endif

/**
 * Define the exported function @name over da_entry_<name>(); see x86_64/entry.h.
 *
 * Frame of 24 bytes: the struct's first four words (the fourth is r7) at 0, lr at 20. The linker
 * turns bl into blx where the target is in the other instruction set.
 */
/* clang-format off */
#define DA_ENTRY(name) \
__asm__("	.syntax	unified\n" \
	"	.pushsection .text\n" \
	"	.globl	" #name "\n" \
	"	.hidden	da_entry_" #name "\n" \
	"	.p2align 2\n" \
	DA_ENTRY_STATE \
	"	.type	" #name ", %function\n" \
	#name ":\n" \
	"	.fnstart\n" \
	"	mov	ip, sp\n" \
	"	push	{lr}\n" \
	"	.save	{lr}\n" \
	"	sub	sp, sp, #20\n" \
	"	.pad	#20\n" \
	"	str	lr, [sp]\n" \
	"	str	ip, [sp, #4]\n" \
	"	str	r11, [sp, #8]\n" \
	"	str	r7, [sp, #12]\n" \
	"	mov	r3, sp\n" \
	"	bl	da_entry_" #name "\n" \
	"	add	sp, sp, #20\n" \
	"	pop	{pc}\n" \
	"	.fnend\n" \
	"	.size	" #name ", .-" #name "\n" \
	"	.popsection\n");
/* clang-format on */

#endif
