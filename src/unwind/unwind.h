/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Stack capture: from the registers at an allocation call to the return addresses above it.
 *
 * Three things are kept apart: finding a rule (pure functions over a module's bytes), executing a
 * rule (the only code that reads the stack), and caching rules per pc. No function here allocates,
 * locks or calls libc. None makes a system call but da_module_is_there().
 */
#ifndef DA_UNWIND_UNWIND_H
#define DA_UNWIND_UNWIND_H

#include "base/types.h"
#include "unwind/module.h"
#include "unwind/start.h"

/** How stacks are captured (record's --unwind). The values are stored in the stream's header. */
enum da_unwind_mode {
	DA_UNWIND_AUTO = 0, /**< the best source for each pc: CFI, else frame pointer, else scan */
	DA_UNWIND_CFI = 1, /**< call frame information only */
	DA_UNWIND_SCAN = 2, /**< instruction scanning only (MIPS) */
	DA_UNWIND_FP = 3, /**< frame pointers only */
	DA_UNWIND_GCC = 4, /**< _Unwind_Backtrace of libgcc_s */
	DA_UNWIND_NONE = 5, /**< no stacks */
};

/** Why a walk ended. The values are stored in the stream (dumpalloc-trace(5)). */
enum da_unwind_end {
	DA_UNWIND_END_COMPLETE = 0, /**< the outermost frame was reached */
	DA_UNWIND_END_DEPTH = 1, /**< the depth cap cut the stack */
	DA_UNWIND_END_NO_RULE = 2, /**< no rule for the last frame's pc */
	DA_UNWIND_END_NO_MODULE = 3, /**< the last frame's pc lies in no known module */
	DA_UNWIND_END_BAD_READ = 4, /**< a needed word lies outside the thread's stack */
	DA_UNWIND_END_NOT_ADVANCING = 5, /**< the CFA did not grow */
	DA_UNWIND_END_FOREIGN_STACK = 6, /**< sp is, or went, to a stack that is not known */
	DA_UNWIND_END_OFF = 7, /**< stacks are not captured */
};

/** Most rules remembered per thread; a power of two. A thread with few call sites uses fewer. */
#define DA_UNWIND_CACHE_SLOTS 1024

struct da_unwind_cache;

/**
 * One thread's walker. Storage is the caller's; zero-filled is a valid start, then set the fields
 * above the line.
 */
struct da_unwind {
	/** The process's modules; its content changes under a generation (module.h). */
	const struct da_module_table *modules;
	/** DA_UNWIND_CACHE_SLOTS rules in the caller's memory, zero-filled at first. */
	struct da_unwind_cache *cache;
	/** The caller's arrays for the result, each of @max_depth entries. */
	uintptr_t *pcs;
	/** 1 where pcs[i] is the very address of an interrupted instruction, else 0: a return
	 * address. */
	uint8_t *exact;
	uint32_t max_depth;
	enum da_unwind_mode mode;
	/** First address above this thread's stack; every read lies in [start->sp, stack_hi). */
	uintptr_t stack_hi;
	/**
	 * _Unwind_Backtrace and _Unwind_GetIPInfo of libgcc_s, or NULL: then mode DA_UNWIND_GCC
	 * yields the first frame alone. On a CPU without rules of ours every mode but NONE is GCC.
	 */
	void *gcc_backtrace;
	void *gcc_get_ip_info;

	/* ---- set by da_unwind_walk() */

	/** Frames in pcs[], innermost first: pcs[0] is where malloc returns to. */
	uint32_t n;
	enum da_unwind_end end;
	/**
	 * The last pc that lay in no module of the table, or in one that has gone; 0: none. The
	 * caller may refresh it and walk again. It may be garbage, too (a guess that was dropped),
	 * so refresh only when the loader's list changed.
	 */
	uintptr_t unknown_pc;
	/** Generation of the modules that the cached rules belong to. */
	uint32_t cache_generation;
	/** How often the part of the cache in use has doubled, and rules stored since. */
	uint32_t cache_growth, cache_fills;
};

/**
 * Walk the stack from @start, filling u->pcs, u->exact, u->n, u->end, u->unknown_pc.
 *
 * pcs[0] is start->pc (always there when max_depth > 0 and mode is not NONE). Needs start->sp in
 * the stack that ends at u->stack_hi; the caller checks that and reports FOREIGN_STACK by calling
 * da_unwind_first_only() instead. Uses at most 400 bytes of stack.
 */
void da_unwind_walk(struct da_unwind *u, const struct da_unwind_start *start);

/** Fill the result with start->pc alone and the given @end. */
void da_unwind_first_only(struct da_unwind *u, const struct da_unwind_start *start,
			  enum da_unwind_end end);

/** Bytes of memory that u->cache must point to. */
size_t da_unwind_cache_bytes(void);

#endif
