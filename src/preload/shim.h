/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The shim's one state, and the order in which its modules build on each other. */
#ifndef DA_PRELOAD_SHIM_H
#define DA_PRELOAD_SHIM_H

#include "base/types.h"
#include "codec/pool.h"
#include "preload/linkmap.h"
#include "unwind/unwind.h"

/**
 * The page that says whether this process records. It is wiped by the kernel in a child of fork
 * (MADV_WIPEONFORK), and by an atfork handler where the kernel cannot.
 */
struct da_gate {
	uint32_t on;
};

/** Where events go. */
enum da_shim_mode {
	DA_SHIM_PASSIVE, /**< nobody asked for a recording */
	DA_SHIM_POOL, /**< a recorder drains the pool */
	DA_SHIM_DIRECT, /**< the shim writes the stream itself */
};

/** Everything that all threads share. Written at start; then only where a field says so. */
struct da_shim {
	/** Never NULL: a zero page until recording starts. */
	volatile struct da_gate *gate;
	enum da_shim_mode mode;
	struct da_pool *pool;
	struct da_linkmap linkmap;
	struct da_module_table modules; /**< by preload/modules.c */
	uint32_t pid;
	uint32_t process; /**< number of this process in the session */
	uint32_t detached; /**< this is a child that does not record */
	bool has_key;
	unsigned key; /**< pthread key whose destructor marks a thread's end */
	uintptr_t stack_top; /**< end of the main thread's stack */
	void *gcc_backtrace, *gcc_get_ip_info; /**< libgcc_s, for mode DA_UNWIND_GCC */
};

/** Hidden, in zeroed memory but for the gate. */
extern struct da_shim da_shim;

/** Count an event that could not be recorded. */
static inline void da_shim_lost(enum da_lost reason)
{
	if (da_shim.pool)
		__atomic_add_fetch(&da_shim.pool->lost[reason], 1, __ATOMIC_RELAXED);
}

#endif
