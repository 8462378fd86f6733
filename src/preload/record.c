/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/record.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/sys.h"
#include "codec/encode.h"
#include "preload/child.h"
#include "preload/direct.h"
#include "preload/lease.h"
#include "preload/modules.h"
#include "preload/real.h"
#include "preload/shim.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Most unknown pcs to pass over before the module list is read again in vain. */
#define MOST_SKIPPED_SCANS 4096u

/* Whether the outer call's frame has been overwritten by others; read without a fault. */
static bool is_outer_gone(void)
{
	const uint32_t *now = (const uint32_t *)&da_tls.outer->sp;
	const uint32_t *then = (const uint32_t *)&da_tls.guard;

	for (size_t i = 0; i < sizeof da_tls.guard / sizeof *now; i++) {
		long r = da_sys_compare(&now[i], then[i]);

		if (r == 0 || r == -EFAULT)
			return true;
	}
	return false;
}

/*
 * The thread is inside an interposed call already. Inner frames have a smaller sp: the allocator
 * calling itself, or a signal handler. One that is not smaller, on the same stack, means that the
 * earlier call was left by a jump (siglongjmp, or a C++ exception through a cancelled thread); so
 * does an earlier call's frame that is no longer what it was.
 */
static bool __attribute__((noinline)) enter_again(const struct da_unwind_start *start)
{
	struct da_thread *t = da_tls.thread;
	bool own = da_real_is_own(start->pc);

	if ((start->sp >= da_tls.guard || (!own && is_outer_gone())) && !da_sys_on_signal_stack() &&
	    (!t || da_thread_on_stack(t, start->sp))) {
		if (t) {
			da_lease_abandon(t);
			da_direct_abandon();
			da_unwind_forget(&t->u);
			if (!da_thread_restart(t))
				return false;
		}
		da_tls.guard = start->sp;
		da_tls.outer = start;
		return true;
	}
	if (!own)
		da_shim_lost(DA_LOST_REENTRANT);
	return false;
}

bool da_record_enter(const struct da_unwind_start *start)
{
	if (UNLIKELY(!da_shim.gate->on) && !da_child_continues())
		return false;
	if (UNLIKELY(da_tls.guard))
		return enter_again(start);
	da_tls.outer = start;
	da_tls.guard = start->sp;
	return true;
}

void da_record_leave(void)
{
	da_tls.guard = 0;
}

/* Not on a signal stack, which may be of the smallest size. @return false when the
 * lease was lost on the way. */
static bool refresh_modules(struct da_thread *t, uintptr_t sp)
{
	return LIKELY(!da_modules_are_stale()) ||
	       (!da_thread_on_stack(t, sp) && da_sys_on_signal_stack()) ||
	       da_modules_scan(t, 0) != DA_MODULES_LOST;
}

static void walk(struct da_thread *t, const struct da_unwind_start *start)
{
	if (LIKELY(da_thread_on_stack(t, start->sp)))
		da_unwind_walk(&t->u, start);
	else
		da_unwind_first_only(&t->u, start, DA_UNWIND_END_FOREIGN_STACK);
}

/*
 * A pc lay in no module: the list may have grown. Read it, but ever more rarely while that tells
 * nothing new (generated code has no module). @return false when the lease was lost.
 */
static bool __attribute__((noinline))
walk_again(struct da_thread *t, const struct da_unwind_start *start)
{
	if (t->skip_scans) {
		t->skip_scans--;
		return true;
	}
	switch (da_modules_scan(t, t->u.unknown_pc)) {
	case DA_MODULES_CHANGED:
		t->next_skip = 0;
		walk(t, start);
		return true;
	case DA_MODULES_SAME:
		t->next_skip = t->next_skip < MOST_SKIPPED_SCANS ? 2 * t->next_skip + 1 :
								   MOST_SKIPPED_SCANS;
		t->skip_scans = t->next_skip;
		return true;
	case DA_MODULES_BUSY: return true;
	case DA_MODULES_LOST: break;
	}
	return false;
}

static bool __attribute__((noinline)) define_stack(struct da_thread *t)
{
	struct da_encode_frames f = { t->u.pcs, t->u.exact, t->u.n, (uint8_t)t->u.end };
	uint8_t *p;

	da_unwind_list(&t->u);
	p = da_lease_room(t, da_encode_stack_bytes(&t->encoder, &f));
	if (!p)
		return false;
	da_lease_commit(t, da_encode_stack(&t->encoder, p, &f));
	t->event.stack = t->encoder.n_stacks;
	da_stacks_insert(&t->stacks, t->u.hash, t->encoder.n_stacks);
	return true;
}

/* Set t->event.stack: the id of the stack at @start, 0: none. @return false: the lease was lost. */
static bool capture(struct da_thread *t, const struct da_unwind_start *start)
{
	t->event.stack = 0;
	if (t->u.mode == DA_UNWIND_NONE)
		return true;
	walk(t, start);
	if (UNLIKELY(t->u.unknown_pc) && !walk_again(t, start))
		return false;
	if (UNLIKELY(t->u.wants_cache))
		da_thread_widen_cache(t);
	if (UNLIKELY(t->generation != da_shim.modules.generation)) {
		t->generation = da_shim.modules.generation;
		da_stacks_clear(&t->stacks);
	}
	t->event.stack = da_stacks_find(&t->stacks, t->u.hash);
	/* a call in place of a return: each frame here counts on the smallest signal stack */
	return LIKELY(t->event.stack) || define_stack(t);
}

/* Enter the lease. @return the thread, or NULL: lost and counted. */
static inline struct da_thread *begin(const struct da_unwind_start *start)
{
	struct da_thread *t = da_thread_get();

	if (UNLIKELY(!t)) {
		da_shim_lost(DA_LOST_NO_MEMORY);
		return NULL;
	}
	if (!da_lease_enter(t) || !refresh_modules(t, start->sp))
		return NULL;
	return t;
}

static inline uint8_t *put_clock(struct da_thread *t, uint8_t *p)
{
	uint32_t now = __atomic_load_n(&da_shim.pool->clock_ms, __ATOMIC_RELAXED);
	uint64_t ns;

	if (LIKELY(now == t->clock_ms))
		return p;
	ns = (uint64_t)(now - t->clock_ms) * 1000000u;
	t->clock_ms = now;
	return da_encode_numbers(p, DA_EXT_CLOCK, &ns, 1);
}

/* Room for a clock and an event; the clock is written. From here on the event counts as seen. */
static inline uint8_t *begin_event(struct da_thread *t)
{
	uint8_t *p;

	if (da_shim.mode == DA_SHIM_DIRECT)
		da_direct_tick(t);
	p = da_lease_room(t, 2 * DA_ENCODE_EVENT_MAX);
	if (!p)
		return NULL;
	t->chunk->seen++;
	return put_clock(t, p);
}

static inline void end_event(struct da_thread *t, const uint8_t *p)
{
	t->chunk->recorded++;
	da_lease_commit(t, p);
	da_lease_leave(t);
	if (da_shim.mode == DA_SHIM_DIRECT)
		da_direct_event_written();
}

/* capture() for the stack of a block of @size bytes, which only some have under --sample. */
static inline bool capture_some(struct da_thread *t, uint64_t size,
				const struct da_unwind_start *start)
{
	t->event.stack = 0;
	if (da_shim.pool->sample && !da_sample_takes(&t->sample, size))
		return true;
	return capture(t, start);
}

static inline bool is_filtered(uint64_t size)
{
	return size < da_shim.pool->min_size || size > da_shim.pool->max_size;
}

void da_record_alloc(enum da_func func, const void *p, uint64_t size,
		     const struct da_unwind_start *start)
{
	struct da_thread *t;
	struct da_event *e;
	uint8_t *room;

	if (is_filtered(size))
		return;
	t = begin(start);
	/* failures are few: each has its stack */
	if (!t || !(p ? capture_some(t, size, start) : capture(t, start)))
		return;
	room = begin_event(t);
	if (!room)
		return;
	e = &t->event;
	e->kind = p ? DA_KIND_ALLOC : DA_KIND_FAIL;
	e->func = func;
	e->addr = (uintptr_t)p;
	e->size = size;
	e->order = da_order_next(&da_shim.pool->order, t->encoder.order);
	end_event(t, da_encode_alloc(&t->encoder, room, e));
}

void da_record_free(enum da_func func, const void *p, const struct da_unwind_start *start)
{
	struct da_thread *t = begin(start);
	struct da_event *e;
	uint8_t *room;

	if (!t)
		return;
	t->event.stack = 0;
	if (!da_shim.pool->stacks_alloc_only && !capture(t, start))
		return;
	room = begin_event(t);
	if (!room)
		return;
	e = &t->event;
	e->kind = DA_KIND_FREE;
	e->func = func;
	e->addr = (uintptr_t)p;
	e->order = da_order_next(&da_shim.pool->order, t->encoder.order);
	end_event(t, da_encode_free(&t->encoder, room, e));
}

void da_record_realloc_begin(struct da_record_realloc *r, uint64_t size,
			     const struct da_unwind_start *start)
{
	struct da_thread *t = begin(start);

	r->thread = NULL;
	if (!t || !capture_some(t, size, start))
		return;
	r->room = begin_event(t);
	if (!r->room)
		return;
	/* taken while the chunk is BUSY, so that no watermark passes it during the real call */
	t->event.order = da_order_next(&da_shim.pool->order, t->encoder.order);
	r->thread = t;
}

void da_record_realloc_end(struct da_record_realloc *r, const struct da_realloc_result *result)
{
	struct da_thread *t = r->thread;
	struct da_event *e;
	uint8_t *p = r->room;

	if (!t)
		return;
	e = &t->event;
	e->func = result->func;
	e->size = result->size;
	if (result->freed || (result->new &&is_filtered(result->size))) {
		e->kind = DA_KIND_FREE;
		e->addr = (uintptr_t)result->old;
		e->stack = da_shim.pool->stacks_alloc_only ? 0 : e->stack;
		p = da_encode_free(&t->encoder, p, e);
	} else if (!result->new) {
		e->kind = DA_KIND_FAIL;
		p = da_encode_alloc(&t->encoder, p, e);
	} else {
		e->kind = DA_KIND_REALLOC;
		e->old_addr = (uintptr_t)result->old;
		e->addr = (uintptr_t)result->new;
		e->order_acquired = da_order_next(&da_shim.pool->order, e->order);
		p = da_encode_realloc(&t->encoder, p, e);
	}
	end_event(t, p);
}

static void write_last_words(struct da_thread *t)
{
	char name[16];
	uint8_t *p = da_lease_room(t, DA_ENCODE_EVENT_MAX + sizeof name);

	if (!p)
		return;
	if (da_sys_thread_name(name) == 0)
		p = da_encode_text(p, DA_EXT_THREAD_NAME, name,
				   (uint32_t)da_text_length(name, sizeof name));
	da_lease_commit(t, da_encode_numbers(p, DA_EXT_THREAD_END, NULL, 0));
	da_lease_leave(t);
}

void da_record_thread_ends(void *thread)
{
	struct da_thread *t = thread;

	if (da_shim.gate->on && !da_tls.guard && da_lease_enter(t))
		write_last_words(t);
	/* also without room for words: the state is anybody's once the kernel forgets the thread */
	__atomic_store_n(&t->state, DA_THREAD_ENDING, __ATOMIC_RELEASE);
}
