/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The report for machines: JSON, schema 1. dumpalloc-json(5) describes every key. */
#ifndef DA_REPORT_JSON_H
#define DA_REPORT_JSON_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stdio.h>

#include "report/report.h"

/**
 * Write the whole document, in ASCII. Each module, thread, site … stands on a line of its own, and
 * only one site is held in memory at a time. Errors are left in @out's error flag.
 */
void da_json_write(const struct da_report *r, FILE *out);

#endif
