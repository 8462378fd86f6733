/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/lease.h"

#include "base/bytes.h"
#include "base/sys.h"
#include "preload/direct.h"
#include "preload/shim.h"

/* How long one wait for a free chunk lasts, and after how many the recorder's life is doubted. */
#define WAIT_MS 20
#define WAITS_PER_LIFE_CHECK 50

static void wake_recorder(struct da_pool *pool)
{
	__atomic_add_fetch(&pool->wake, 1, __ATOMIC_RELEASE);
	if (da_shim.mode == DA_SHIM_POOL)
		da_sys_futex_wake(&pool->wake);
}

/*
 * @clock_ms: the pool's clock at the last look. While it ticks, the recorder lives, whatever its
 * number means in our namespace of processes.
 */
static bool is_over(struct da_pool *pool, unsigned waits, uint32_t *clock_ms)
{
	uint32_t before = *clock_ms;

	if (__atomic_load_n(&pool->stop, __ATOMIC_RELAXED))
		return true;
	if (waits % WAITS_PER_LIFE_CHECK != WAITS_PER_LIFE_CHECK - 1)
		return false;
	*clock_ms = __atomic_load_n(&pool->clock_ms, __ATOMIC_RELAXED);
	return *clock_ms == before && !da_sys_process_exists(pool->recorder_pid);
}

/* A chunk from the recorder's pool; NULL when it is gone or told not to wait. */
static struct da_chunk *wait_for_chunk(struct da_thread *t)
{
	struct da_pool *pool = da_shim.pool;
	uint32_t clock_ms = __atomic_load_n(&pool->clock_ms, __ATOMIC_RELAXED);

	for (unsigned waits = 0;; waits++) {
		uint32_t signal = __atomic_load_n(&pool->free_signal, __ATOMIC_ACQUIRE);
		struct da_chunk *c = da_pool_acquire(pool, t->serial, da_shim.process, t->chunks);

		if (c)
			return c;
		if (pool->on_full == DA_ON_FULL_DROP) {
			wake_recorder(pool);
			da_shim_lost(DA_LOST_FULL);
			return NULL;
		}
		if (is_over(pool, waits, &clock_ms)) {
			da_shim.gate->on = 0;
			da_shim.detached = 1;
			da_shim_lost(DA_LOST_NO_RECORDER);
			return NULL;
		}
		__atomic_add_fetch(&pool->wanting, 1, __ATOMIC_ACQ_REL);
		wake_recorder(pool);
		da_sys_futex_wait(&pool->free_signal, signal, WAIT_MS);
		__atomic_sub_fetch(&pool->wanting, 1, __ATOMIC_ACQ_REL);
	}
}

static struct da_chunk *flush_for_chunk(struct da_thread *t)
{
	struct da_chunk *c;

	do {
		c = da_pool_acquire(da_shim.pool, t->serial, da_shim.process, t->chunks);
		if (c)
			return c;
	} while (da_direct_flush(true));
	da_shim_lost(DA_LOST_NO_RECORDER);
	return NULL;
}

/* Get a chunk and make it BUSY; the one held before must be gone or FULL. */
static bool take_chunk(struct da_thread *t)
{
	uint32_t found;

	do {
		t->chunk = NULL;
		t->chunk = da_shim.mode == DA_SHIM_DIRECT ? flush_for_chunk(t) : wait_for_chunk(t);
		if (!t->chunk)
			return false;
		t->chunks++;
		t->pos = 0;
		t->chunk_payload = da_shim.pool->chunk_bytes - (uint32_t)sizeof(struct da_chunk);
	} while (!da_lease_make_busy(t, &found));
	t->chunk->tid = t->tid;
	return true;
}

static void introduce(struct da_thread *t)
{
	uint64_t tid = t->tid;
	char name[16];
	uint8_t *p = da_chunk_payload(t->chunk) + t->pos;

	t->introduced = true;
	p = da_encode_numbers(p, DA_EXT_THREAD, &tid, 1);
	if (da_sys_thread_name(name) == 0)
		p = da_encode_text(p, DA_EXT_THREAD_NAME, name,
				   (uint32_t)da_text_length(name, sizeof name));
	da_lease_commit(t, p);
}

bool da_lease_enter_anew(struct da_thread *t, uint32_t found)
{
	if (t->chunk && found == da_lease_state(t, DA_CHUNK_BUSY)) {
		da_shim_lost(DA_LOST_REENTRANT);
		return false;
	}
	if (!take_chunk(t))
		return false;
	if (!t->introduced)
		introduce(t);
	return true;
}

uint8_t *da_lease_room_anew(struct da_thread *t)
{
	uint32_t full = da_lease_state(t, DA_CHUNK_FULL);

	__atomic_store_n(&t->chunk->state, full, __ATOMIC_RELEASE);
	if (da_shim.mode == DA_SHIM_DIRECT)
		da_direct_flush(false);
	else
		wake_recorder(da_shim.pool);
	return take_chunk(t) ? da_chunk_payload(t->chunk) : NULL;
}

void da_lease_abandon(struct da_thread *t)
{
	uint32_t busy = da_lease_state(t, DA_CHUNK_BUSY);

	/* its owner alone moves a BUSY chunk on */
	if (t->chunk && __atomic_load_n(&t->chunk->state, __ATOMIC_RELAXED) == busy)
		__atomic_store_n(&t->chunk->state, da_lease_state(t, DA_CHUNK_FULL),
				 __ATOMIC_RELEASE);
}
