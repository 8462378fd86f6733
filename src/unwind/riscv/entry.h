/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Entries of interposed functions, any CPU (no assembly). Contract: x86_64/entry.h. */
#ifndef DA_UNWIND_ENTRY_H
#define DA_UNWIND_ENTRY_H

#include "unwind/start.h"

/** For the definition of each C function behind an entry. */
#define DA_ENTRY_TARGET __attribute__((used, visibility("hidden")))

/**
 * Define the exported function @name over da_entry_<name>(); see x86_64/entry.h.
 *
 * The C names differ from the symbols, so that they do not clash with the types that the compiler
 * and libc's headers give to malloc and its family.
 */
/* clang-format off */
#define DA_ENTRY(name) \
	__attribute__((visibility("hidden"))) uintptr_t da_generic_##name##_target( \
		uintptr_t a, uintptr_t b, uintptr_t c, const struct da_unwind_start *start) \
		__asm__("da_entry_" #name); \
	__attribute__((visibility("default"))) uintptr_t da_generic_##name( \
		uintptr_t a, uintptr_t b, uintptr_t c) __asm__(#name); \
	__attribute__((noinline)) \
	uintptr_t da_generic_##name(uintptr_t a, uintptr_t b, uintptr_t c) \
	{ \
		struct da_unwind_start start = { \
			.pc = (uintptr_t)__builtin_return_address(0), \
			.sp = (uintptr_t)__builtin_dwarf_cfa(), \
		}; \
		return da_generic_##name##_target(a, b, c, &start); \
	}
/* clang-format on */

#endif
