/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Recording one call. An interposed function does
 *
 *     if (!da_record_enter(start))
 *             return the real call;
 *     the real call and one of da_record_*(), in the order that each asks for;
 *     da_record_leave();
 *
 * Costs (x86-64, 2026-11): see bench/README.
 */
#ifndef DA_PRELOAD_RECORD_H
#define DA_PRELOAD_RECORD_H

#include "base/types.h"
#include "codec/format.h"
#include "preload/thread.h"
#include "unwind/start.h"

/**
 * Whether this call is to be recorded: recording is on, and the call is not made by the allocator
 * or by the shim itself.
 */
bool da_record_enter(const struct da_unwind_start *start);

/** The recorded call is over. */
void da_record_leave(void);

/** After the real call: it returned @p for @size bytes; NULL is a failure. */
void da_record_alloc(enum da_func func, const void *p, uint64_t size,
		     const struct da_unwind_start *start);

/** Before the real call: it will give back @p, not NULL. */
void da_record_free(enum da_func func, const void *p, const struct da_unwind_start *start);

/** Between the two halves of a realloc of a block. */
struct da_record_realloc {
	struct da_thread *thread; /**< NULL: it is not being recorded */
	uint8_t *room; /**< where the event will be written */
};

/** Before the real call. @size: bytes asked for. */
void da_record_realloc_begin(struct da_record_realloc *r, uint64_t size,
			     const struct da_unwind_start *start);

/** What the real call did. */
struct da_realloc_result {
	enum da_func func;
	const void *old, *new; /**< @new NULL: failed, unless @freed */
	uint64_t size;
	bool freed; /**< @old was given back and nothing handed out */
};

/** After the real call. */
void da_record_realloc_end(struct da_record_realloc *r, const struct da_realloc_result *result);

/**
 * Let the thread's last words be written: its name, and that it ends. A pthread key's destructor.
 */
void da_record_thread_ends(void *thread);

#endif
