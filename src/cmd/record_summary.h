/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The last words of record. */
#ifndef DA_CMD_RECORD_SUMMARY_H
#define DA_CMD_RECORD_SUMMARY_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/record_session.h"

/**
 * Say on stderr what was recorded, where it is, and how to see it. Calls, bytes and peak come from
 * replaying the finished file, where the report side is built in and the file is not too large for
 * the user to wait; else events are counted.
 */
void da_record_summarize(const struct da_record_session *s);

#endif
