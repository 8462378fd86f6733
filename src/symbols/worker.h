/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * A box for code that reads hostile files: a forked process that can only compute, read descriptors
 * it was given and write bytes into a pipe, for a limited time and with limited memory.
 */
#ifndef DA_SYMBOLS_WORKER_H
#define DA_SYMBOLS_WORKER_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** Limits of each worker. Memory counts on top of what the parent has mapped. */
#define DA_WORKER_MEMORY_BYTES (1ULL << 30)
#define DA_WORKER_CPU_SECONDS 20
#define DA_WORKER_WALL_SECONDS 30
/** Bytes a worker may answer. */
#define DA_WORKER_ANSWER_BYTES (256ULL << 20)

/** What to run, and with what. */
struct da_worker_job {
	/** Runs in the worker; writes its answer to @out_fd. Returning ends the worker well. */
	void (*run)(void *arg, int out_fd);
	void *arg;
	/**
	 * Descriptors that stay open in the worker, each 3 or higher, ascending order not needed.
	 */
	const int *fds;
	size_t n_fds;
	/** Wall-clock limit; 0 for DA_WORKER_WALL_SECONDS. */
	unsigned int wall_seconds;
};

/** How a worker ended, and what it wrote. */
struct da_worker_result {
	/**
	 * All bytes written before the end, also of a worker that died; hostile. Free with free().
	 */
	uint8_t *answer;
	size_t n_answer;
	/** Whether @run returned. */
	bool complete;
	/**
	 * Why not: "the worker was killed by signal 11 (Segmentation fault)" and the like; else "".
	 */
	char reason[128];
};

/**
 * Run a job in a new process and wait for it. Kills it at the wall-clock limit or when it answers
 * too much.
 *
 * Memory that ds/ cannot get ends the worker, as exit() does; no exit handler of the parent runs
 * and no stdio buffer is flushed in the worker. Standard descriptors are closed in it.
 * @out: filled on true. @return false with @err if no process or pipe can be had.
 */
bool da_worker_run(const struct da_worker_job *job, struct da_worker_result *out,
		   struct da_err *err);

#endif
