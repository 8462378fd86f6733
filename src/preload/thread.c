/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/thread.h"

#include <sys/mman.h>

#include "base/bytes.h"
#include "base/sys.h"
#include "preload/real.h"
#include "preload/shim.h"
#include "sys_arch.h"

/* Farther above sp than this is no thread's stack end. */
#define STACK_REACH ((uintptr_t)256 << 20)
#define PAGE ((uintptr_t)4096)

__thread struct da_tls da_tls __attribute__((tls_model("initial-exec")));

/* Newest first; only grows. */
static struct da_thread *threads;

static size_t round_up(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

/*
 * The thread's arrays follow its struct in one mapping, the one that is used from its beginning, as
 * far as needed, last. A thread that does little touches two pages.
 */
static struct da_thread *map_thread(void)
{
	uint32_t depth = da_shim.pool->depth;
	size_t words = round_up(depth * sizeof(uintptr_t));
	size_t lent = round_up(DA_STACKS_LENT * sizeof(struct da_stacks_entry));
	size_t head = round_up(sizeof(struct da_thread)) + lent;
	size_t rest = words + round_up(depth);
	size_t bytes = head + da_unwind_bytes(depth) + rest + sizeof(struct da_named_large);
	uint8_t *p = da_sys_map(bytes);
	struct da_thread *t = (struct da_thread *)p;

	if (!p)
		return NULL;
	p += head;
	t->stacks = (struct da_stacks){
		.entries = (struct da_stacks_entry *)(p - lent),
		.capacity = DA_STACKS_LENT,
		.is_lent = true,
	};
	da_unwind_init(&t->u, p, depth);
	p += da_unwind_bytes(depth);
	t->encoder.frames = (uintptr_t *)p;
	t->encoder.exact = p + words;
	t->encoder.named = &t->named;
	da_named_init(&t->named, (struct da_named_large *)(p + rest));
	t->u.modules = &da_shim.modules;
	t->u.mode = (enum da_unwind_mode)da_shim.pool->unwind;
	t->u.gcc_backtrace = da_shim.gcc_backtrace;
	t->u.gcc_get_ip_info = da_shim.gcc_get_ip_info;
	/* the few pages in use of many such mappings must not become one huge page */
	da_sys_advise(t, bytes, MADV_NOHUGEPAGE);
	t->state = DA_THREAD_LIVE;
	t->next = __atomic_load_n(&threads, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&threads, &t->next, t, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return t;
}

/*
 * A state whose thread has ended for good: the kernel no longer knows its tid, or it is ours now.
 */
static struct da_thread *reuse_thread(uint32_t tid)
{
	for (struct da_thread *t = __atomic_load_n(&threads, __ATOMIC_ACQUIRE); t; t = t->next) {
		uint32_t state = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);

		if (state == DA_THREAD_LIVE)
			continue;
		if (state == DA_THREAD_ENDING && t->tid != tid &&
		    da_sys_thread_exists(da_shim.pid, t->tid))
			continue;
		if (__atomic_compare_exchange_n(&t->state, &state, DA_THREAD_LIVE, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return t;
	}
	return NULL;
}

void da_thread_widen_cache(struct da_thread *t)
{
	size_t bytes = da_unwind_cache_wanted(&t->u);
	void *memory = da_sys_map(bytes), *old;

	t->u.wants_cache = false;
	if (!memory)
		return;
	old = da_unwind_lend_cache(&t->u, memory);
	if (old)
		da_sys_unmap(old, bytes / 2);
}

bool da_thread_restart(struct da_thread *t)
{
	uint32_t serial = __atomic_add_fetch(&da_shim.pool->serials, 1, __ATOMIC_RELAXED);
	struct da_encoder fresh = { .frames = t->encoder.frames,
				    .exact = t->encoder.exact,
				    .named = t->encoder.named };

	if (serial > DA_POOL_MAX_SERIAL)
		return false;
	if (serial > 1 && da_order_is_single(&da_shim.pool->order))
		da_order_leave_single(&da_shim.pool->order, da_sys_may_tick());
	t->serial = serial;
	t->chunks = 0;
	t->chunk = NULL;
	t->pos = 0;
	t->clock_ms = 0;
	t->introduced = false;
	t->encoder = fresh;
	da_named_clear(&t->named);
	if (da_shim.pool->sample)
		da_sample_init(&t->sample, da_shim.pool->sample,
			       da_sys_monotonic_ns() << 16 ^ serial);
	da_stacks_clear(&t->stacks);
	return true;
}

/*
 * The end of the calling thread's stack. A libc places a thread's control block just above the
 * stack it makes, so the thread pointer is a bound that needs no system call to find; the main
 * thread's stack ends with the strings that the kernel put there. Either must be reachable from sp
 * over mapped pages; from a coroutine's stack neither is.
 */
static void find_stack(struct da_thread *t, uintptr_t sp)
{
	const uintptr_t tops[] = { da_shim.stack_top, da_sys_thread_pointer() };

	t->foreign_lo = sp & ~(PAGE - 1);
	t->foreign_hi = t->foreign_lo + PAGE;
	for (unsigned i = 0; i < 2; i++) {
		uintptr_t top = tops[i], end;

		if (sp >= top || top - sp > STACK_REACH)
			continue;
		end = da_sys_mapped_until(sp, top);
		if (end == top) {
			t->u.stack_hi = top;
			t->stack_lo = sp;
			t->has_stack = true;
			t->foreign_lo = t->foreign_hi = 0;
			return;
		}
		t->foreign_hi = end;
	}
}

bool da_thread_on_stack(struct da_thread *t, uintptr_t sp)
{
	uintptr_t known, end;

	if (sp - t->foreign_lo < t->foreign_hi - t->foreign_lo)
		return false;
	if (!t->has_stack && !da_sys_on_signal_stack())
		find_stack(t, sp);
	if (sp >= t->u.stack_hi)
		return false;
	if (sp >= t->stack_lo)
		return true;
	if (t->u.stack_hi - sp > STACK_REACH)
		return false;
	known = sp < t->foreign_lo ? t->foreign_lo : t->stack_lo;
	end = da_sys_mapped_until(sp, known);
	if (end == t->stack_lo) {
		t->stack_lo = sp & ~(PAGE - 1);
		return true;
	}
	if (end != t->foreign_lo)
		t->foreign_hi = end;
	t->foreign_lo = sp & ~(PAGE - 1);
	return false;
}

struct da_thread *da_thread_make(void)
{
	uint32_t tid = (uint32_t)da_sys_gettid();
	struct da_thread *t = reuse_thread(tid);

	if (!t)
		t = map_thread();
	if (!t)
		return NULL;
	t->tid = tid;
	t->skip_scans = t->next_skip = 0;
	t->has_stack = false;
	t->u.stack_hi = 0;
	t->foreign_lo = t->foreign_hi = 0;
	if (!da_thread_restart(t)) {
		__atomic_store_n(&t->state, DA_THREAD_FREE, __ATOMIC_RELEASE);
		return NULL;
	}
	da_tls.thread = t;
	if (da_shim.has_key)
		da_real.set_specific(da_shim.key, t);
	return t;
}

void da_thread_forget_others(void)
{
	for (struct da_thread *t = threads; t; t = t->next)
		if (t != da_tls.thread)
			t->state = DA_THREAD_FREE;
}
