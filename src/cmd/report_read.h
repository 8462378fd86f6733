/* SPDX-License-Identifier: GPL-3.0-or-later */
/** From a file or pipe to a finished model. */
#ifndef DA_CMD_REPORT_READ_H
#define DA_CMD_REPORT_READ_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "collect/reader.h"
#include "model/replay.h"

/** A recording, read and replayed. */
struct da_report_recording {
	struct da_source *source;
	struct da_reader *reader;
	struct da_replay *replay;
	const struct da_header *header;
	const struct da_model *model;
	/** Damaged, cut or without its end: where, and why (for people). */
	bool is_damaged;
	bool is_unfinished; /**< of these the last: all that is there is whole */
	uint64_t damaged_byte;
	char damage[256];
	bool was_interrupted; /**< reading a pipe ended by SIGINT or SIGTERM */
};

/**
 * Read all of @path ("-": standard input) and replay it, showing progress on standard error when
 * @show_progress.
 *
 * While standard input is read and is no regular file, a first SIGINT or SIGTERM ends the input, as
 * if the sender had stopped; a second one ends the tool.
 * @return false when there is nothing to report on; @err says why and @rec needs no close.
 */
bool da_report_read(struct da_report_recording *rec, const char *path, bool show_progress,
		    struct da_err *err);

/** Free the recording and its model. */
void da_report_close(struct da_report_recording *rec);

#endif
