/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * The heap of the traced process: live blocks by address, the statistics of each site, and the
 * exact values of all sites at the global peak. These are kept lazily: each new peak begins an
 * epoch, and a site writes down its live values as its peak values before its first change in an
 * epoch.
 *
 * An event is late when another with a larger order key came before it (see replay.h). Late events
 * are put right by address as far as possible; quality.order_repairs counts them.
 */
#ifndef DA_MODEL_HEAP_H
#define DA_MODEL_HEAP_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "ds/map.h"
#include "model/estimate.h"
#include "model/model.h"
#include "model/sizes.h"
#include "model/timeline.h"

/** Frees of unknown addresses remembered, in case their allocation comes late. */
#define DA_HEAP_ORPHANS_MAX 65536

/** One half of an allocation call. */
struct da_heap_call {
	uint64_t order;
	uint64_t time_ns;
	da_addr addr;
	uint64_t size; /**< acquire, fail: bytes asked for */
	uint32_t site; /**< of the calling stack */
	uint32_t thread; /**< index of da_heap_thread() */
	bool late;
	bool wanted; /**< acquire, fail: the thread is one that is counted */
};

/** What a thread did. */
struct da_heap_thread {
	da_addr last_addr; /**< of its last allocation; 0: none */
	uint64_t alloc_calls, alloc_bytes, free_calls, freed_bytes;
};

struct da_heap {
	const struct da_model_options *options; /**< the owner's */
	struct da_map blocks; /**< live ones, by address */
	struct da_map orphans; /**< addresses of unknown frees to their order keys */
	struct da_model_site *sites;
	size_t n_sites, sites_cap;
	struct da_estimate_site *estimates; /**< by site; NULL unless options->sample */
	size_t estimates_cap;
	struct da_heap_thread *threads;
	size_t n_threads, threads_cap;
	struct da_model_totals totals;
	uint64_t unknown_frees, order_repairs;
	uint64_t epoch; /**< peaks so far */
	uint64_t now_ns; /**< latest time seen */
	struct da_timeline timeline;
	struct da_sizes sizes;
};

/** Make an empty heap with site 0. @options must outlive it. */
void da_heap_init(struct da_heap *h, const struct da_model_options *options);

/** Free its memory. */
void da_heap_deinit(struct da_heap *h);

/** Add a site for a stack. @return its index. */
uint32_t da_heap_add_site(struct da_heap *h, uint32_t stack, uint32_t depth, uint8_t end);

/** Add a thread. @return its index. */
uint32_t da_heap_add_thread(struct da_heap *h);

/** A block was handed out. */
void da_heap_acquire(struct da_heap *h, const struct da_heap_call *c);

/** A block was given back. */
void da_heap_release(struct da_heap *h, const struct da_heap_call *c);

/** An allocation failed. */
void da_heap_fail(struct da_heap *h, const struct da_heap_call *c);

/** Bring all sites' peak values up to date, and their old_* values. May be repeated. */
void da_heap_settle(struct da_heap *h);

#endif
