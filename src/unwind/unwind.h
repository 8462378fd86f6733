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
	DA_UNWIND_SCAN = 2, /**< instruction scanning only (MIPS, ARM, RISC-V) */
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

struct da_unwind_cache;
struct da_trail_frame;
struct da_trail_sum;
struct da_trail_word;

/**
 * One thread's walker. Storage is the caller's; after da_unwind_init() set the fields above the
 * line.
 */
struct da_unwind {
	/** The process's modules; its content changes under a generation (module.h). */
	const struct da_module_table *modules;
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

	/** Frames of the stack. */
	uint32_t n;
	/** Of the pcs, how exact they are, and the end: what tells stacks from each other. */
	uint64_t hash;
	enum da_unwind_end end;
	/**
	 * The last pc that lay in no module of the table, or in one that has gone; 0: none. The
	 * caller may refresh it and walk again. It may be garbage, too (a guess that was dropped),
	 * so refresh only when the loader's list changed.
	 */
	uintptr_t unknown_pc;

	/* ---- set by da_unwind_list() */

	/** The @n return addresses, outermost first: pcs[n - 1] is where malloc returns to. */
	uintptr_t *pcs;
	/** 1 where pcs[i] is the very address of an interrupted instruction, else 0: a return
	 * address. */
	uint8_t *exact;

	/* ---- of the walker itself; capacity is max_depth, or less until there is a deep stack */

	bool is_listed;
	/** The outermost frame of the last walk is so by a rule that depends on its pc alone. */
	bool ends_by_rule;
	uint32_t max_depth, capacity;
	/** The last walk (trail.h): its frames, and how many of them have been prepared to be
	 * checked fast. */
	uint32_t trail_n, checked_n;
	uintptr_t trail_hi; /**< stack_hi then */
	struct da_trail_frame *frames; /**< 2 x capacity, and the end mark before them */
	struct da_trail_sum *sums; /**< one more, of no frame, precedes them */
	struct da_trail_word *words;
	uint8_t *large_frames; /**< where they will be when there is a deep stack */
	/** Remembered rules (cache.h), and rules stored since there are so many slots. */
	struct da_unwind_cache *cache;
	struct da_unwind_cache *large_cache; /**< where it will be when there are more */
	uintptr_t cache_mask;
	uint32_t cache_losses;
	/** Rules keep pushing each other out: see da_unwind_lend_cache(). */
	bool wants_cache;
	/** Generation of the modules that rules and trail belong to. */
	uint32_t generation;
};

/** Bytes of memory that da_unwind_init() needs for stacks of up to @max_depth frames. */
size_t da_unwind_bytes(uint32_t max_depth);

/**
 * Make @u, zero-filled, ready to walk stacks of up to @max_depth frames.
 * @memory: da_unwind_bytes() that are zero-filled, aligned to 16, and remain the walker's. Shallow
 * stacks use only the first 3 KB of it.
 */
void da_unwind_init(struct da_unwind *u, void *memory, uint32_t max_depth);

/**
 * Walk the stack from @start, filling u->n, u->hash, u->end, u->unknown_pc.
 *
 * The innermost frame is start->pc (always there when max_depth > 0 and mode is not NONE). Needs
 * start->sp in the stack that ends at u->stack_hi; the caller checks that and reports FOREIGN_STACK
 * by calling da_unwind_first_only() instead. Uses at most 400 bytes of stack.
 */
void da_unwind_walk(struct da_unwind *u, const struct da_unwind_start *start);

/** Fill u->pcs and u->exact for the last walk. */
void da_unwind_list(struct da_unwind *u);

/** Fill the result with start->pc alone and the given @end. */
void da_unwind_first_only(struct da_unwind *u, const struct da_unwind_start *start,
			  enum da_unwind_end end);

/** Bytes that da_unwind_lend_cache() needs when u->wants_cache is set. */
size_t da_unwind_cache_wanted(const struct da_unwind *u);

/**
 * Keep rules in @memory, zero-filled, from now on. Without memory for it, clear u->wants_cache: it
 * is set again later.
 * @return what was lent before and is free now, half as large; or NULL.
 */
void *da_unwind_lend_cache(struct da_unwind *u, void *memory);

/** Forget all that is remembered of earlier walks: one of them was left by a jump. */
void da_unwind_forget(struct da_unwind *u);

#endif
