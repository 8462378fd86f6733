/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * The recorder's loop body: takes what the target's threads have committed to the pool, routes it
 * to one stream per process, and adds what only the recorder knows (clock, RSS, names, watermarks,
 * the end). It does not look into the events.
 */
#ifndef DA_COLLECT_DRAIN_H
#define DA_COLLECT_DRAIN_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"
#include "codec/pool.h"
#include "codec/sweep.h"
#include "collect/writer.h"

/** One recorded process and its stream. */
struct da_stream {
	struct da_writer writer;
	uint32_t process; /**< its number in the pool */
	uint32_t pid;
	uint64_t start_ticks; /**< with the pid names the process; 0: unknown */
	uint64_t stack_start; /**< changes when the process executes another program; 0: unknown */
	bool replaced; /**< it did */
	bool ended; /**< the stream is closed */
	bool has_news; /**< the sweep took something */
	uint64_t rss; /**< as written last */
	uint64_t watermark; /**< as written last */
	uint64_t newest; /**< no event taken so far has a larger order key */
	uint64_t meta_ns; /**< time of the meta stream's last CLOCK */
	uint64_t lost[DA_LOST_COUNT]; /**< as written last */
};

/** A thread whose name is looked after. */
struct da_drain_thread {
	uint32_t serial, process, tid;
	char name[16];
};

/**
 * Opens the stream of a new process: sets s->writer (da_writer_init()). s->process and s->pid are
 * set already. Without a stream (false) the process's events are dropped.
 */
typedef bool (*da_drain_open_fn)(void *ctx, struct da_stream *s);

/** The drainer. */
struct da_drain {
	struct da_pool *pool;
	struct da_sweep sweep;
	struct da_sweep_slot *slots;
	uint16_t *sorted;
	struct da_stream *streams[DA_POOL_MAX_PROCESSES]; /**< by process number, or NULL */
	uint32_t n_streams; /**< numbers below are or were in use */
	struct da_drain_thread *threads;
	size_t n_threads, cap_threads, next_thread;
	uint8_t *known; /**< bit by serial: threads met so far */
	size_t cap_known; /**< bytes of @known, zero beyond what was met */
	bool follow; /**< pool->follow, as it was before the program could change it */
	da_drain_open_fn open;
	void *ctx;
	uint64_t start_ns; /**< CLOCK_MONOTONIC at the start */
	uint64_t now_ns; /**< since the start, at the last step */
	uint64_t rss_ns, second_ns; /**< when the periodic work was done last */
	bool has_rss; /**< RSS was looked at after the program attached */
	uint32_t wake; /**< pool->wake before the last sweep */
	unsigned idle; /**< steps without news */
	struct da_sweep_result last; /**< what the last sweep found */
	uint64_t bytes; /**< of events taken in all */
};

/** What became of a process. */
struct da_drain_end {
	enum da_end kind;
	uint64_t value;
	bool gone; /**< it writes no more: what its threads left unfinished can be taken */
};

/** Begin draining the pool, which is valid and still unused. The clock starts now. */
void da_drain_init(struct da_drain *d, struct da_pool *pool, da_drain_open_fn open, void *ctx);

/** Close what is still open (streams end as UNKNOWN) and free. */
void da_drain_deinit(struct da_drain *d);

/** Open the stream of process 0 before it starts. @return as da_drain_open_fn. */
bool da_drain_begin(struct da_drain *d, uint32_t pid);

/** One round: tick the clock, sweep, periodic work. */
void da_drain_step(struct da_drain *d);

/** Sleep until the pool fills, a signal comes, or it is time for the next step. */
void da_drain_wait(struct da_drain *d);

/** The process with number @process is gone: take its last events and end its stream. */
void da_drain_end_process(struct da_drain *d, uint32_t process, struct da_drain_end end);

/**
 * The stream of the process with @pid that has not ended, or NULL. Used to
 * match reaped children to streams.
 */
struct da_stream *da_drain_find(const struct da_drain *d, uint32_t pid);

/** Events begun and recorded so far in all processes, and those lost by reason (DA_LOST_COUNT). */
void da_drain_count(const struct da_drain *d, uint64_t *seen_out, uint64_t *recorded_out,
		    uint64_t *lost_out);

#endif
