/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Folded stacks: one line per stack, "root;child;leaf VALUE", for flame graphs. */
#ifndef DA_REPORT_FOLDED_H
#define DA_REPORT_FOLDED_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stdio.h>

#include "report/report.h"

/**
 * Write a line for each site whose @key (DEFAULT: bytes at the peak) is not 0, outermost frame
 * first; before them a comment ("# ...") if these are estimates. A ';' in a name becomes ':'.
 * Stacks that read alike keep lines of their own. A site without a stack is "[no stack]". Errors
 * are left in @out's error flag.
 */
void da_folded_write(const struct da_report *r, enum da_report_key key, FILE *out);

#endif
