/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Keeping the table of modules, and telling the recording what was loaded and unloaded. */
#ifndef DA_PRELOAD_MODULES_H
#define DA_PRELOAD_MODULES_H

#include "base/types.h"
#include "preload/thread.h"

/** Map the table. Before that, and without memory, every pc is unknown. */
bool da_modules_init(void);

/** The set of modules may have changed: read it at the next event. Any thread, any time. */
void da_modules_touch(void);

/**
 * The program is about to unload a module (dlclose). Where a scan can copy only what it has found
 * to be there (DA_PEEK_PROBE), none starts until da_modules_end_close(), and one that runs in
 * another thread is waited for (at most 2 s: its thread may have left it by a jump). These pairs
 * nest.
 */
void da_modules_begin_close(void);

/** It has done so: the set of modules may have changed. */
void da_modules_end_close(void);

/** Whether da_modules_touch() was called since the last scan. */
bool da_modules_are_stale(void);

/** What a scan came to. */
enum da_modules_result {
	DA_MODULES_SAME, /**< nothing is new */
	DA_MODULES_CHANGED, /**< the table has changed, or another thread's scan has found the pc */
	DA_MODULES_BUSY, /**< the list is being changed, or another thread scans: later */
	DA_MODULES_LOST, /**< the lease ended because no chunk was free */
};

/**
 * Compare the dynamic linker's list with the table; write loads and unloads to the thread's stream
 * (its lease is entered) and change the table. Does nothing while the list is being changed or
 * another thread scans.
 *
 * Libraries come and go in other threads meanwhile, not only by dlclose(): a dlopen() that fails
 * takes back what it has mapped, and libc closes its own (NSS, gconv). So all that is read of a
 * library that was not there at the start is copied by peek.h; when something is gone the scan is
 * given up until the next event. What was there at the start is read once. A scan that finds the
 * list as it was makes no system call but futex(2): generated code, which no scan ever finds, may
 * run under a seccomp filter that kills.
 *
 * @pc: an unknown one that is the reason, or 0.
 */
enum da_modules_result da_modules_scan(struct da_thread *t, uintptr_t pc);

/** In a child of fork that records: everything is to be told anew. */
void da_modules_forget(void);

#endif
