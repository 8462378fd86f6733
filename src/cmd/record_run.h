/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Starting the program, with or without a recording, and staying until it has ended. */
#ifndef DA_CMD_RECORD_RUN_H
#define DA_CMD_RECORD_RUN_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/record_session.h"

/** Exit statuses of record besides the program's own (as env(1) and timeout(1)). */
enum da_record_status {
	DA_RECORD_FAILED = 125,
	DA_RECORD_CANNOT_EXECUTE = 126,
	DA_RECORD_NOT_FOUND = 127,
};

/** Run it unrecorded, as if we were not there. @return the exit status for the shell. */
int da_record_run_plain(struct da_record_session *s);

/**
 * Run it recorded, until it and all recorded children have ended; errors are printed.
 * @return the exit status for the shell. @started_out: whether the program ran at all.
 */
int da_record_run(struct da_record_session *s, bool *started_out);

#endif
