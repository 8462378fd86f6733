/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the shim keeps for each thread of the process. */
#ifndef DA_PRELOAD_THREAD_H
#define DA_PRELOAD_THREAD_H

#include "base/types.h"
#include "codec/encode.h"
#include "codec/pool.h"
#include "preload/sample.h"
#include "preload/stacks.h"
#include "unwind/unwind.h"

/** Life of a struct da_thread; they are never unmapped, but used again. */
enum da_thread_state {
	DA_THREAD_FREE = 0, /**< anybody's */
	DA_THREAD_LIVE = 1,
	DA_THREAD_ENDING = 2, /**< its last destructor ran; it may still free a little */
};

/**
 * One thread's state, in memory of its own (a mapping of about 50 KB, touched as needed). Used by
 * its thread alone, but for @state.
 */
struct da_thread {
	struct da_thread *next; /**< in the list of all, newest first; constant */
	uint32_t state; /**< atomic: enum da_thread_state */
	uint32_t tid;
	uint32_t serial; /**< in the pool; a reborn thread has a new one */
	uint32_t chunks; /**< chunks taken so far */
	struct da_chunk *chunk; /**< the lease, maybe lost since: only its state word tells */
	uint32_t pos; /**< bytes committed to @chunk */
	uint32_t chunk_payload; /**< bytes that @chunk has room for */
	uint32_t clock_ms; /**< the pool's clock at the last CLOCK written */
	uint32_t generation; /**< of the modules that @stacks belong to */
	uint32_t ticks; /**< events since direct mode looked at the clock */
	uint32_t skip_scans; /**< unknown pcs to pass over before the modules are read again */
	uint32_t next_skip;
	bool introduced; /**< THREAD has been written */
	bool has_stack; /**< stack_lo and u.stack_hi have been looked for */
	/** The stack's verified part: every page in [stack_lo, u.stack_hi) is mapped. */
	uintptr_t stack_lo;
	/** Known to be another stack, or no end of one: the last that was met. */
	uintptr_t foreign_lo, foreign_hi;
	struct da_sample sample; /**< meaningful with pool->sample */
	struct da_encoder encoder;
	struct da_named_index named; /**< of @encoder */
	struct da_event event; /**< the one being recorded: not on the stack, which may be small */
	struct da_stacks stacks;
	struct da_unwind u;
};

/**
 * The thread-local part: small, initial-exec. @guard is the stack pointer of the outermost
 * interposed call that this thread is in, 0 outside; @outer is that call's start, in its frame.
 */
struct da_tls {
	struct da_thread *thread;
	uintptr_t guard;
	const struct da_unwind_start *outer;
};

extern __thread struct da_tls da_tls __attribute__((tls_model("initial-exec")));

/** da_thread_get() for a thread that has no state yet. */
struct da_thread *da_thread_make(void);

/**
 * The calling thread's state, made or reused when it has none.
 * @return NULL when there is no memory or no serial left (counted as lost by the caller).
 */
static inline struct da_thread *da_thread_get(void)
{
	struct da_thread *t = da_tls.thread;

	return __builtin_expect(!!t, 1) ? t : da_thread_make();
}

/** Begin the calling thread's stream anew under a new serial (a jump left it half written). */
bool da_thread_restart(struct da_thread *t);

/** Give @t's walker the room for rules that it wants, where there is memory. */
void da_thread_widen_cache(struct da_thread *t);

/** In a child of fork: give back the states of all threads but the caller's. */
void da_thread_forget_others(void);

/** Whether @sp is on the thread's own stack, extending its verified part where that is possible. */
bool da_thread_on_stack(struct da_thread *t, uintptr_t sp);

#endif
