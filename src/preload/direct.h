/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Direct mode: without a recorder, the shim itself drains its private pool, and writes the stream
 * to a file or a TCP connection, uncompressed. One thread at a time drains; the others go on.
 */
#ifndef DA_PRELOAD_DIRECT_H
#define DA_PRELOAD_DIRECT_H

#include "base/types.h"
#include "preload/thread.h"

/** What the environment asked for. Texts stay the environment's. */
struct da_direct_options {
	const char *file; /**< DUMPALLOC_FILE, or NULL */
	const char *server; /**< DUMPALLOC_SERVER (HOST:PORT), or NULL */
	const char *buffer; /**< DUMPALLOC_BUFFER: bytes of the pool, or NULL */
};

/**
 * Open the output and make the pool (da_shim.pool), whose configuration the caller then sets.
 * A server's name that is not a numeric address is left for da_direct_connect().
 * @return false when nothing can be recorded.
 */
bool da_direct_init(const struct da_direct_options *o);

/** Write the stream's header; once, after the pool is configured. */
bool da_direct_begin(void);

/**
 * Look up the server's name with the libc's resolver and connect, when that is still to be done.
 * The gate is closed meanwhile: what the resolver allocates is not the program's.
 * @return whether there is an output.
 */
bool da_direct_connect(void);

/**
 * Drain the pool and write what was there.
 * @everything: the caller needs a free chunk: wait for another thread that drains, and take idle
 * threads' chunks.
 * @return false when the output has failed: recording is over.
 */
bool da_direct_flush(bool everything);

/** The calling thread jumped out of a call: if it was draining, the recording ends there. */
void da_direct_abandon(void);

/** Now and then, bring the pool's clock up to date. Called once per event. */
void da_direct_tick(struct da_thread *t);

/** An event was committed: after da_direct_finish() it is written at once. */
void da_direct_event_written(void);

/**
 * The program ends: drain all and end the stream with @status (enum da_end @kind). Later events are
 * written at once, each time with a new end.
 */
void da_direct_finish(uint32_t kind, uint32_t status);

#endif
