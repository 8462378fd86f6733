/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Draining a pool: committed bytes out, chunks back. Used by the recorder (another process, which
 * trusts nothing it reads) and by the shim itself in direct mode (one thread at a time).
 */
#ifndef DA_CODEC_SWEEP_H
#define DA_CODEC_SWEEP_H

#include "base/types.h"
#include "codec/pool.h"

/** A run of whole events of one thread. */
struct da_sweep_piece {
	uint32_t serial; /**< thread, >= 1 */
	uint32_t process; /**< < DA_POOL_MAX_PROCESSES */
	uint32_t tid;
	/** in the pool: may change under the reader if the target is hostile */
	const uint8_t *bytes;
	uint32_t len; /**< 1 … chunk_bytes */
};

/** Takes each piece; must use or copy it before it returns. @return false to end the sweep (the
 * piece counts as not taken). */
typedef bool (*da_sweep_fn)(void *ctx, const struct da_sweep_piece *piece);

/** What the drainer remembers of each chunk between sweeps. */
struct da_sweep_slot {
	uint32_t state; /**< as copied in this sweep */
	uint32_t serial, number;
	uint32_t drained; /**< bytes already taken of this serial and number */
	uint32_t drained_serial, drained_number;
	uint32_t idle; /**< sweeps without news */
	bool is_late; /**< empty or acquired since this sweep began: the next one takes it */
};

/** Events of one process's chunks that were given back. */
struct da_sweep_tally {
	uint64_t seen, recorded;
};

/** A drainer. Zero-filled, then da_sweep_init(). */
struct da_sweep {
	struct da_pool *pool;
	uint32_t n_chunks, chunk_bytes; /**< the drainer's own copy of the pool's shape */
	uint32_t chunks_offset;
	struct da_order_config order; /**< as the pool had it at the start */
	uint64_t seen, recorded; /**< events of the chunks given back so far */
	/** The same by process: DA_POOL_MAX_PROCESSES, the caller's; NULL: not wanted. */
	struct da_sweep_tally *tallies;
	struct da_sweep_slot *slots; /**< n_chunks, the caller's, zero-filled */
	uint16_t *sorted; /**< n_chunks, the caller's: scratch */
	uint32_t bad_chunks; /**< chunks with impossible headers: scribbled over */
};

/** What one sweep found. */
struct da_sweep_result {
	uint32_t pieces; /**< pieces taken */
	uint64_t bytes; /**< their bytes */
	uint32_t free_chunks; /**< chunks free at the end of the sweep */
	/** Every event with an order key <= this has been taken, in this sweep or before. */
	uint64_t watermark;
	bool stopped; /**< the callback said false; the watermark is 0 */
};

/** Tie a drainer to a valid pool; slots and sorted as described there. */
void da_sweep_init(struct da_sweep *s, struct da_pool *pool, struct da_sweep_slot *slots,
		   uint16_t *sorted);

/**
 * Take everything committed, in each thread's order, free the full chunks and (with @reclaim_idle
 * sweeps without news, 0: at once) those of idle threads; bumps pool->free_signal when it freed any
 * (the caller does the futex wake when pool->wanting says that somebody waits).
 */
void da_sweep_run(struct da_sweep *s, uint32_t reclaim_idle, da_sweep_fn take, void *ctx,
		  struct da_sweep_result *result_out);

/**
 * Events begun and committed so far, counting chunks still in use. seen - recorded were lost in
 * the middle of an event (target killed, or re-entered by a signal).
 */
void da_sweep_count(const struct da_sweep *s, uint64_t *seen_out, uint64_t *recorded_out);

/** The same of process number @process alone; needs s->tallies. */
void da_sweep_count_process(const struct da_sweep *s, uint32_t process, uint64_t *seen_out,
			    uint64_t *recorded_out);

#endif
