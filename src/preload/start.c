/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/start.h"

#include <sys/mman.h>

#include "base/bytes.h"
#include "base/sys.h"
#include "preload/child.h"
#include "preload/direct.h"
#include "preload/environment.h"
#include "preload/modules.h"
#include "preload/quantity.h"
#include "preload/real.h"
#include "preload/record.h"
#include "preload/shim.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define GATE_BYTES 65536u /* whole pages on every CPU */
#define DEFAULT_DEPTH 256u

static volatile struct da_gate closed_gate;

struct da_shim da_shim = { .gate = &closed_gate };

enum progress {
	NOT_STARTED,
	STARTING,
	STARTED,
};

static uint32_t progress;
/* Calls that came before the environment was known: one for each try to start, so at least. */
static uint32_t early;

static bool open_gate(void)
{
	struct da_gate *gate = da_sys_map(GATE_BYTES);

	if (!gate)
		return false;
	da_sys_advise(gate, GATE_BYTES, MADV_WIPEONFORK);
	da_shim.gate = gate;
	return true;
}

/*
 * "POOL_FD,SHIM_FD": the pool, and the descriptor that LD_PRELOAD names, -1 when it names a file.
 */
static bool attach_pool(const char *text)
{
	uint64_t fd[2] = { 0, UINT64_MAX };
	char number[12];
	size_t i = 0;
	long size;

	for (; text[i] && text[i] != ',' && i < sizeof number - 1; i++)
		number[i] = text[i];
	number[i] = '\0';
	if (text[i] != ',' || !da_quantity_parse(number, &fd[0]))
		return false;
	if (da_quantity_parse(text + i + 1, &fd[1]))
		da_sys_close((int)fd[1]);
	size = da_sys_size((int)fd[0]);
	if (size >= (long)sizeof(struct da_pool))
		da_shim.pool = da_sys_map_file((int)fd[0], (size_t)size);
	da_sys_close((int)fd[0]);
	if (!da_shim.pool)
		return false;
	da_sys_advise(da_shim.pool, (size_t)size, MADV_DONTDUMP);
	if (!da_pool_is_valid(da_shim.pool, (size_t)size)) {
		da_shim.pool->attached = DA_ATTACH_MISMATCH;
		return false;
	}
	return true;
}

static void take_number(char *const *environment, const char *name, uint64_t *v)
{
	const char *text = da_environment_get(environment, name);

	if (text)
		da_quantity_parse(text, v);
}

static uint32_t unwind_mode(char *const *environment)
{
	static const char *const names[] = {
		[DA_UNWIND_AUTO] = "auto", [DA_UNWIND_CFI] = "cfi", [DA_UNWIND_SCAN] = "scan",
		[DA_UNWIND_FP] = "fp",     [DA_UNWIND_GCC] = "gcc", [DA_UNWIND_NONE] = "none",
	};
	const char *scan = da_environment_get(environment, "DUMPALLOC_WALK_STACK");
	const char *text = da_environment_get(environment, "DUMPALLOC_UNWIND");

	for (uint32_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (da_text_equal(text, names[i]))
			return i;
	return scan && da_text_equal(scan, "1") ? DA_UNWIND_SCAN : DA_UNWIND_AUTO;
}

static void configure_direct(char *const *environment)
{
	struct da_pool *pool = da_shim.pool;
	const char *stacks = da_environment_get(environment, "DUMPALLOC_STACKS");
	uint64_t depth = DEFAULT_DEPTH, sample = 0;

	take_number(environment, "DUMPALLOC_DEPTH", &depth);
	take_number(environment, "DUMPALLOC_SAMPLE", &sample);
	take_number(environment, "DUMPALLOC_MIN_SIZE", &pool->min_size);
	take_number(environment, "DUMPALLOC_MAX_SIZE", &pool->max_size);
	pool->depth = depth > DA_STREAM_MAX_FRAMES ? DA_STREAM_MAX_FRAMES : (uint32_t)depth;
	da_pool_bound_depth(pool);
	pool->unwind = unwind_mode(environment);
	if (pool->unwind != DA_UNWIND_NONE)
		pool->sample =
			sample > DA_STREAM_MAX_SAMPLE ? DA_STREAM_MAX_SAMPLE : (uint32_t)sample;
	pool->stacks_alloc_only = pool->sample || (stacks && da_text_equal(stacks, "alloc"));
}

static bool attach_direct(char *const *environment)
{
	struct da_direct_options o = {
		.file = da_environment_get(environment, "DUMPALLOC_FILE"),
		.server = da_environment_get(environment, "DUMPALLOC_SERVER"),
		.buffer = da_environment_get(environment, "DUMPALLOC_BUFFER"),
	};

	if ((!o.file && !o.server) || !da_direct_init(&o))
		return false;
	configure_direct(environment);
	return da_direct_begin();
}

static void begin_recording(void)
{
	struct da_pool *pool = da_shim.pool;

	da_pool_bound_depth(pool); /* whatever the other side wrote */
	da_shim.stack_top = da_shim.linkmap.auxv.execfn;
	da_shim.gcc_backtrace = da_linkmap_find(&da_shim.linkmap, "_Unwind_Backtrace");
	da_shim.gcc_get_ip_info = da_linkmap_find(&da_shim.linkmap, "_Unwind_GetIPInfo");
	da_shim.process = __atomic_fetch_add(&pool->processes, 1, __ATOMIC_RELAXED);
	pool->process_pid[da_shim.process] = da_shim.pid;
	__atomic_add_fetch(&pool->lost[DA_LOST_EARLY], early, __ATOMIC_RELAXED);
	if (!da_modules_init() || !open_gate()) {
		__atomic_store_n(&pool->attached, DA_ATTACH_NO_MEMORY, __ATOMIC_RELEASE);
		return;
	}
	pool->attached_pid = da_shim.pid;
	__atomic_store_n(&pool->attached, DA_ATTACH_OK, __ATOMIC_RELEASE);
	da_shim.gate->on = 1;
}

/* @return false when the environment is not known yet. */
static bool begin_session(void)
{
	char **environment = da_environment_find(&da_shim.linkmap);
	const char *pool;

	if (!environment)
		return false;
	da_shim.pid = (uint32_t)da_sys_getpid();
	pool = da_environment_get(environment, "DUMPALLOC_POOL");
	if (pool && attach_pool(pool))
		da_shim.mode = DA_SHIM_POOL;
	else if (!pool && attach_direct(environment))
		da_shim.mode = DA_SHIM_DIRECT;
	if (da_shim.mode == DA_SHIM_PASSIVE)
		da_shim.detached = 1;
	else
		begin_recording();
	da_environment_clean(environment, da_shim.linkmap.self->l_name);
	return true;
}

bool da_start(void)
{
	uint32_t expected = NOT_STARTED;

	if (!__atomic_compare_exchange_n(&progress, &expected, STARTING, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return da_real.malloc;
	if (!da_real.malloc &&
	    (!da_linkmap_init(&da_shim.linkmap, da_environment_find(&da_shim.linkmap)) ||
	     !da_real_init(&da_shim.linkmap))) {
		__atomic_store_n(&progress, NOT_STARTED, __ATOMIC_RELEASE);
		return false;
	}
	if (!begin_session()) {
		early++;
		__atomic_store_n(&progress, NOT_STARTED, __ATOMIC_RELEASE);
		return true;
	}
	__atomic_store_n(&progress, STARTED, __ATOMIC_RELEASE);
	return true;
}

typedef void *dlopen_fn(const char *, int);

/* The GCC unwinder was asked for, and the program has not loaded it. */
static void load_gcc_unwinder(void)
{
	dlopen_fn *open_library = (dlopen_fn *)da_linkmap_find_next(&da_shim.linkmap, "dlopen");

	if (da_shim.gcc_backtrace || da_shim.pool->unwind != DA_UNWIND_GCC || !open_library)
		return;
	open_library("libgcc_s.so.1", 2 /* RTLD_NOW */);
	da_shim.gcc_backtrace = da_linkmap_find(&da_shim.linkmap, "_Unwind_Backtrace");
	da_shim.gcc_get_ip_info = da_linkmap_find(&da_shim.linkmap, "_Unwind_GetIPInfo");
	if (da_tls.thread) {
		da_tls.thread->u.gcc_backtrace = da_shim.gcc_backtrace;
		da_tls.thread->u.gcc_get_ip_info = da_shim.gcc_get_ip_info;
	}
}

/* What needs a libc that is up: its calls below may allocate, and are not recorded. */
static void __attribute__((constructor)) finish_start(void)
{
	uint32_t was_on;

	if (__atomic_load_n(&progress, __ATOMIC_ACQUIRE) != STARTED)
		da_start();
	was_on = da_shim.gate->on;
	if (!was_on)
		return;
	da_shim.gate->on = 0;
	load_gcc_unwinder();
	da_child_init();
	if (da_real.key_create && da_real.set_specific)
		da_shim.has_key = da_real.key_create(&da_shim.key, da_record_thread_ends) == 0;
	if (da_shim.has_key && da_tls.thread)
		da_real.set_specific(da_shim.key, da_tls.thread);
	da_shim.gate->on = da_shim.mode != DA_SHIM_DIRECT || da_direct_connect();
}

static void __attribute__((destructor)) program_ends(void)
{
	if (da_shim.mode == DA_SHIM_DIRECT && da_shim.gate->on)
		da_direct_finish(DA_END_UNKNOWN, 0);
}
