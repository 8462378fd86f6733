/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The recorder as a parent: signals, job control and the ends of children. */
#ifndef DA_CMD_RECORD_WAIT_H
#define DA_CMD_RECORD_WAIT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <signal.h>
#include <sys/types.h>

#include "base/types.h"

/** The started program, seen by its parent. One per process: it owns the signal handlers. */
struct da_wait {
	sigset_t mask; /**< signals blocked before da_wait_init(): what the program is to have */
	pid_t pid;
	bool ended;
	int status; /**< as waitpid() gives it, once ended */
};

/** Called for each reaped child other than the program (orphans, as subreaper). */
typedef void (*da_wait_orphan_fn)(void *ctx, pid_t pid, int status);

/** Before the fork: block the signals that matter. */
void da_wait_init(struct da_wait *w);

/**
 * After the fork: from now on the terminal's signals (which the program gets itself) are ignored,
 * those sent to us by kill() are passed on to @pid. Each signal also grows *@wake (may be NULL), so
 * that a futex wait on it does not miss one.
 */
void da_wait_start(struct da_wait *w, pid_t pid, uint32_t *wake);

/**
 * Reap what has ended, pass on signals, and stop when the program was stopped by job control (so
 * that the shell sees it), until either is continued.
 */
void da_wait_poll(struct da_wait *w, da_wait_orphan_fn orphan, void *ctx);

/** Sleep until a signal comes, at most a second. For a run without a recording. */
void da_wait_sleep(struct da_wait *w);

/** What a shell makes of a status: the exit status, or 128 + signal. */
int da_wait_exit_status(int status);

#endif
