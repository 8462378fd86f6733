/* SPDX-License-Identifier: GPL-3.0-or-later */
/** From a finished model to documents. */
#ifndef DA_CMD_REPORT_WRITE_H
#define DA_CMD_REPORT_WRITE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/report_options.h"
#include "cmd/report_read.h"

/**
 * Look up the names of @rec and write all documents of @o (finished). Says on standard error where
 * a file went that the user did not name.
 * @return false when a document could not be written; the others may have been.
 */
bool da_report_write(const struct da_report_recording *rec, const struct da_report_options *o,
		     struct da_err *err);

#endif
