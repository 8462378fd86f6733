/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Files that a report is written to: whole or not at all, and never through a symbolic link. */
#ifndef DA_REPORT_OUTPUT_H
#define DA_REPORT_OUTPUT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stdio.h>

#include "base/err.h"
#include "base/types.h"

/** One document on its way. Fields are private but @file. */
struct da_output {
	FILE *file; /**< write here */
	const char *path;
	char *temp; /**< NULL: @file is standard output, or a pipe or device written directly */
};

/**
 * Start a document that will be at @path (lent until close); "-" is standard output.
 *
 * A regular file is written under a temporary name in the same directory (created exclusively, mode
 * 0600) and renamed by da_output_close(), replacing an older file. A pipe or device is written
 * directly. A symbolic link or a directory at @path is refused. One document may be open at a time.
 */
bool da_output_open(struct da_output *o, const char *path, struct da_err *err);

/**
 * Finish the document: flush, and put it in its place. On false there is no new file at the path.
 */
bool da_output_close(struct da_output *o, struct da_err *err);

/** Drop the document: no file is left and an older one is as it was. */
void da_output_abandon(struct da_output *o);

/** Remove the open document's temporary file. For signal handlers: async-signal-safe. */
void da_output_unlink_pending(void);

/** Room for a name made by da_output_auto_name(), with the NUL. */
#define DA_OUTPUT_NAME 96

/**
 * "PROG.PID.SUFFIX" for a program from a recording: its base name with every byte outside
 * [A-Za-z0-9._-] replaced by '_', no leading dot or dash, at most 64 bytes; "program" when nothing
 * is left. The result contains no '/'.
 */
void da_output_auto_name(char out[DA_OUTPUT_NAME], const char *program, size_t program_len,
			 uint32_t pid, const char *suffix);

#endif
