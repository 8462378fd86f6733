/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The Callgrind file, for KCachegrind and callgrind_annotate. */
#ifndef DA_REPORT_CALLGRIND_H
#define DA_REPORT_CALLGRIND_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stdio.h>

#include "report/report.h"

/** Costs per line, in the order of the "events:" line. */
#define DA_CALLGRIND_EVENTS 9

/**
 * Write the whole document. Errors are left in @out's error flag.
 *
 * A stack's cost is its innermost frame's own; each distinct caller-callee pair on the stack gets
 * it once as inclusive cost, so recursion counts once. Inlined functions are functions. Functions
 * are told apart by name, source file and module; unknown ones by address and module. Own costs sum
 * up to "summary:" and "totals:", which are the model's totals.
 */
void da_callgrind_write(const struct da_report *r, FILE *out);

#endif
