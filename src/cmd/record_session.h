/* SPDX-License-Identifier: GPL-3.0-or-later */
/** What one run of record holds, and the opening of streams. */
#ifndef DA_CMD_RECORD_SESSION_H
#define DA_CMD_RECORD_SESSION_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/record_options.h"
#include "cmd/record_wait.h"
#include "collect/check.h"
#include "collect/drain.h"
#include "collect/shared.h"
#include "collect/target.h"

/** A run. */
struct da_record_session {
	const struct da_record_options *options;
	char **argv; /**< the program and its arguments, as given */
	char **exec_argv; /**< the same, as executed (see da_check.prefix) */
	struct da_check check;
	struct da_wait wait;
	struct da_shared shared;
	struct da_shim_file shim;
	struct da_compressor *compressor;
	uint8_t *packed;
	struct da_writer_outputs first; /**< opened before the start, for process 0 */
	struct da_drain drain;
	uint64_t start_wall_ns; /**< ns since 1970 at the start */
	uint32_t depth; /**< most frames per stack: as asked for, if a chunk holds so many */
	bool has_exited_first; /**< process 0 has ended */
};

/**
 * Make the buffer, the shim's file and the compressor, and connect: everything that needs no pid.
 * To be called before da_wait_init(): the connection may take its time.
 */
bool da_record_session_init(struct da_record_session *s, struct da_err *err);

/** Create the file of process 0, before it runs. */
bool da_record_session_open(struct da_record_session *s, uint32_t pid, struct da_err *err);

/** Process 0 is not to be (it could not be started): remove its file, close its connection. */
void da_record_session_unopen(struct da_record_session *s);

/** A da_drain_open_fn; @ctx is the session. */
bool da_record_session_stream(void *ctx, struct da_stream *stream);

/** Free what da_record_session_init() made. */
void da_record_session_deinit(struct da_record_session *s);

#endif
