/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Stack capture by _Unwind_Backtrace, which is called through pointers: nothing is linked. */
#ifndef DA_UNWIND_GCC_H
#define DA_UNWIND_GCC_H

#include "unwind/unwind.h"

/**
 * Fill the result as da_unwind_walk() does, by calling u->gcc_backtrace. Our own frames, up to the
 * one whose pc is start->pc, are left out. Needs max_depth > 0. Without the pointers, or when
 * start->pc does not turn up: start->pc alone, NO_RULE.
 *
 * libgcc allocates, locks and needs kilobytes of stack: the caller guards against re-entry.
 */
void da_gcc_walk(struct da_unwind *u, const struct da_unwind_start *start);

#endif
