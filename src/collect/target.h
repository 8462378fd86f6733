/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Starting the program to be recorded so that it notices nothing. */
#ifndef DA_COLLECT_TARGET_H
#define DA_COLLECT_TARGET_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <sys/types.h>

#include "base/err.h"
#include "base/types.h"
#include "collect/shared.h"

/** What to start. */
struct da_target_plan {
	const char *path; /**< the file to execute */
	char *const *argv; /**< its arguments, argv[0] as the user wrote it, ended by NULL */
	const struct da_shared *shared; /**< NULL: start it unrecorded, with nothing preloaded */
	const struct da_shim_file *shim;
	bool may_be_script; /**< run it by /bin/sh when the kernel does not recognise it */
	int stdout_fd; /**< what becomes its standard output, -1: ours */
};

/** A child that waits to execute. */
struct da_target {
	pid_t pid;
	int gate; /**< write end: a byte lets it go, closing ends it */
	int report; /**< read end: an errno when the exec failed, end of file when it went well */
};

/**
 * Fork a child that waits at the gate, so that its pid is known before it runs. Signals are blocked
 * in the caller when this is called, @mask is what the program is to have.
 * The environment of the program is ours without the variables that begin with DUMPALLOC_, and,
 * when recorded, with the shim at the end of LD_PRELOAD and with DUMPALLOC_POOL; the shim takes
 * those two away before main().
 */
bool da_target_prepare(const struct da_target_plan *plan, const void *mask, struct da_target *out,
		       struct da_err *err);

/**
 * Let the child execute.
 * @return 0 when the program runs, else the errno of execve(); then the child is reaped.
 */
int da_target_go(struct da_target *t);

/** End a child that still waits, and reap it. */
void da_target_cancel(struct da_target *t);

#endif
