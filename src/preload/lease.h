/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A thread's hold on a chunk of the pool: entered for one event, left after it. One atomic exchange
 * at entry, one release store at the end.
 */
#ifndef DA_PRELOAD_LEASE_H
#define DA_PRELOAD_LEASE_H

#include "base/types.h"
#include "preload/thread.h"

/** The state word of a chunk of @t's. */
static inline uint32_t da_lease_state(const struct da_thread *t, enum da_chunk_state state)
{
	return t->serial << DA_CHUNK_STATE_BITS | state;
}

/** OWNED to BUSY, if t->chunk is held still; *found_out: the state that was found. */
static inline bool da_lease_make_busy(struct da_thread *t, uint32_t *found_out)
{
	*found_out = da_lease_state(t, DA_CHUNK_OWNED);
	return __atomic_compare_exchange_n(&t->chunk->state, found_out,
					   da_lease_state(t, DA_CHUNK_BUSY), false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/** da_lease_enter() when t->chunk is not held: its state was @found. */
bool da_lease_enter_anew(struct da_thread *t, uint32_t found);

/** da_lease_room() when there is none in t->chunk. */
uint8_t *da_lease_room_anew(struct da_thread *t);

/**
 * Take hold of a chunk: t->chunk is BUSY when this returns true; every true needs a
 * da_lease_leave(). Writes the thread's introduction when it has none. Waits for a free chunk or
 * gives up, as the pool says.
 * @return false when there is none: the event is counted as lost.
 */
static inline bool da_lease_enter(struct da_thread *t)
{
	uint32_t found = 0;

	return __builtin_expect(t->chunk && da_lease_make_busy(t, &found), 1) ||
	       da_lease_enter_anew(t, found);
}

/**
 * Room for @n bytes (at most the pool's chunk_bytes - 64 - DA_ENCODE_EVENT_MAX) after what is
 * committed, in another chunk when this one is too full.
 * @return where to write, or NULL (counted as lost; the lease is over, do not leave it).
 */
static inline uint8_t *da_lease_room(struct da_thread *t, size_t n)
{
	if (__builtin_expect(t->pos + n > t->chunk_payload, 0))
		return da_lease_room_anew(t);
	return da_chunk_payload(t->chunk) + t->pos;
}

/** Make the bytes up to @end part of the recording. */
static inline void da_lease_commit(struct da_thread *t, const uint8_t *end)
{
	t->pos = (uint32_t)(end - da_chunk_payload(t->chunk));
	__atomic_store_n(&t->chunk->committed, t->pos, __ATOMIC_RELEASE);
	/* after it: a sweep in between must not take the new key for that of committed bytes */
	da_chunk_set_order(t->chunk, t->encoder.order);
}

/** Let go: the recorder may take the chunk back until the next da_lease_enter(). */
static inline void da_lease_leave(struct da_thread *t)
{
	__atomic_store_n(&t->chunk->state, da_lease_state(t, DA_CHUNK_OWNED), __ATOMIC_RELEASE);
}

/**
 * The call that had entered was left by a jump: the chunk, if it is held still, is given up with
 * what was committed to it. Only before da_thread_restart().
 */
void da_lease_abandon(struct da_thread *t);

#endif
