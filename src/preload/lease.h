/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A thread's hold on a chunk of the pool: entered for one event, left after it. One atomic exchange
 * at entry, one release store at the end.
 */
#ifndef DA_PRELOAD_LEASE_H
#define DA_PRELOAD_LEASE_H

#include "base/types.h"
#include "preload/thread.h"

/**
 * Take hold of a chunk: t->chunk is BUSY when this returns true; every true needs a
 * da_lease_leave(). Writes the thread's introduction when it has none. Waits for a free chunk or
 * gives up, as the pool says.
 * @return false when there is none: the event is counted as lost.
 */
bool da_lease_enter(struct da_thread *t);

/**
 * Room for @n bytes (at most the pool's chunk_bytes - 64 - DA_ENCODE_EVENT_MAX) after what is
 * committed, in another chunk when this one is too full.
 * @return where to write, or NULL (counted as lost; the lease is over, do not leave it).
 */
uint8_t *da_lease_room(struct da_thread *t, size_t n);

/** Make the bytes up to @end part of the recording. */
void da_lease_commit(struct da_thread *t, const uint8_t *end);

/** Let go: the recorder may take the chunk back until the next da_lease_enter(). */
void da_lease_leave(struct da_thread *t);

/**
 * The call that had entered was left by a jump: the chunk, if it is held still, is given up with
 * what was committed to it. Only before da_thread_restart().
 */
void da_lease_abandon(struct da_thread *t);

#endif
