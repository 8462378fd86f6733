/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * What the heap did: exact numbers per call stack, over time, per size, thread and function. Knows
 * addresses and no names. model/replay.h fills a model; after da_replay_finish() it is complete,
 * read-only, and described here.
 *
 * Counting rules: a block handed out is one alloc call of the bytes asked for; a block
 * given back is one free call; a realloc that returned a block is both. Hence, in totals and per
 * site:
 *
 *	live_blocks = alloc_calls - free_calls        live_bytes = alloc_bytes - freed_bytes
 *	sum over sites of peak_bytes = totals.peak_bytes, likewise blocks, live, calls and bytes
 *
 * A free of an address that no recorded block has counts in quality.unknown_frees alone; in
 * quality.filtered_frees alone, when the recorder left blocks out by their size.
 *
 * Of a sampled recording (da_model.sample_bytes) everything but the sites is just as exact; the
 * sites' numbers are estimates, and their sums near the totals (struct da_model_sampled). Blocks
 * that were not sampled belong to no site.
 */
#ifndef DA_MODEL_MODEL_H
#define DA_MODEL_MODEL_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "codec/format.h"

/** da_model_frame.module of a pc that lay in no known module. */
#define DA_MODEL_NO_MODULE UINT32_MAX
/** Reasons why a walk ended that are counted apart (enum da_unwind_end); larger ones are the
 * last. */
#define DA_MODEL_ENDS 16

/** The whole recording (or the part that da_model_options chose). */
struct da_model_totals {
	uint64_t alloc_calls, alloc_bytes;
	uint64_t free_calls, freed_bytes;
	uint64_t live_bytes, live_blocks; /**< at the end */
	/** Highest live_bytes ever, first time it was reached; blocks live and time at that
	 * moment. */
	uint64_t peak_bytes, peak_blocks, peak_time_ns;
	/** Blocks given back (also by realloc) before the thread that got them allocated again. */
	uint64_t temporary_blocks;
	uint64_t failed_calls;
	uint64_t peak_rss_bytes; /**< 0: not recorded */
	uint64_t duration_ns; /**< latest time in the recording */
	uint64_t moved_reallocs; /**< reallocs whose block changed address */
};

/** Calls of one function of the allocation API, by enum da_func. */
struct da_model_func {
	uint64_t calls; /**< with the failed ones; of unknown frees too */
	uint64_t failed;
};

/** How much of what happened the numbers cover. */
struct da_model_quality {
	/** From the recording's last word; valid when @has_end. seen = recorded + lost. */
	uint64_t events_seen, events_recorded;
	bool has_end; /**< false: the recording is cut, or still being written */
	enum da_end end;
	uint64_t end_value; /**< exit status or signal number */
	uint64_t events_decoded; /**< heap events (also FAIL) found in the stream */
	/** Lost events by enum da_lost; the last one sums up reasons unknown to this version. */
	uint64_t events_lost[DA_LOST_COUNT + 1];
	uint64_t unknown_frees; /**< blocks given back that were never seen handed out */
	/** The same where blocks of other sizes were not recorded: most of them will be such. */
	uint64_t filtered_frees;
	/** Blocks whose giving back was missing or late, found out by their address's new use. */
	uint64_t order_repairs;
	/** Distinct stacks that did / did not reach the outermost frame. */
	uint64_t stacks_complete, stacks_truncated;
	/** Distinct stacks, and alloc calls with such a stack, by enum da_unwind_end. */
	uint64_t stacks_by_end[DA_MODEL_ENDS], calls_by_end[DA_MODEL_ENDS];
	/** Alloc calls that carry no stack; in a sampled recording those not sampled. */
	uint64_t calls_without_stack;
	uint64_t forced_releases; /**< events replayed before their turn to bound memory */
};

/** One file that was mapped, however often and wherever; identified by path and build-id. */
struct da_model_module {
	const char *path; /**< NUL-terminated, @path_len bytes, which may hold anything */
	uint32_t path_len;
	const uint8_t *build_id; /**< @build_id_len bytes, NULL and 0 when it has none */
	uint32_t build_id_len;
	da_addr bias; /**< of the last time it was mapped: run-time address = vaddr + bias */
	uint8_t role; /**< enum da_module_role (codec/decode.h) */
	uint32_t n_segments;
	const struct da_segment *segments; /**< as loaded first (codec/decode.h) */
	uint64_t loads, unloads; /**< times mapped and unmapped */
	uint64_t first_load_order;
	/** Distinct stacks that end here without being complete, by enum da_unwind_end. */
	uint64_t stacks_by_end[DA_MODEL_ENDS];
};

/** One thread of the process. */
struct da_model_thread {
	uint64_t id; /**< in the recording, from 1 */
	uint64_t tid; /**< kernel's, 0: unknown */
	const char *name; /**< NUL-terminated, may hold anything; "" when unknown */
	uint64_t alloc_calls, alloc_bytes;
	uint64_t free_calls, freed_bytes; /**< blocks that this thread gave back */
	bool ended;
};

/** A stretch of time, shown by its highest moment. */
struct da_model_point {
	uint64_t time_ns; /**< when heap_bytes was reached (or the sample taken), growing */
	uint64_t heap_bytes; /**< highest live bytes of the stretch */
	uint64_t rss_bytes; /**< highest resident bytes of the stretch, else those known last */
};

/** Most points of a timeline: enough for any screen, whatever the recording's length. */
#define DA_MODEL_POINTS 1024

/** Alloc calls of size min..max. Both are the same unless there were very many distinct sizes. */
struct da_model_size {
	uint64_t size, size_max; /**< bytes asked for, smallest and largest of this class */
	uint64_t calls;
};

/** Distinct sizes counted apart; further ones fall into classes by power of two. */
#define DA_MODEL_SIZES 65536

/** One frame of a stack. */
struct da_model_frame {
	uint32_t module; /**< index in da_model.modules, or DA_MODEL_NO_MODULE */
	/** ELF virtual address in the module; the run-time address when there is none. */
	da_addr vaddr;
	/** The address of an interrupted instruction; else a return address: look up vaddr - 1. */
	bool exact;
};

/** Blocks that were sampled, and the variance of the estimates made of them. */
struct da_model_amount {
	uint64_t blocks, bytes;
	double blocks_variance, bytes_variance;
};

/** What a site's estimates rest on: alloc_calls and alloc_bytes, live_*, peak_*, and so on. */
struct da_model_sampled {
	struct da_model_amount alloc, live, peak, temporary; /**< of temporary: blocks alone */
};

/**
 * What was allocated and freed from one distinct call stack (site 0: no stack at all). All values
 * but released_* belong to the blocks that this stack allocated, whoever freed them.
 */
struct da_model_site {
	uint64_t alloc_calls, alloc_bytes;
	uint64_t live_bytes, live_blocks; /**< at the end */
	uint64_t peak_bytes, peak_blocks; /**< at the moment of the global peak */
	uint64_t peak_epoch; /**< the replay's own; meaningless afterwards */
	uint64_t temporary_blocks;
	uint64_t failed_calls;
	uint64_t largest_bytes; /**< largest single block */
	uint64_t first_time_ns, last_time_ns; /**< of its alloc calls */
	/** Blocks given back *from* this stack (Valgrind's totFdBk, totFdB), whoever allocated
	 * them. */
	uint64_t released_calls, released_bytes;
	/** Live blocks at the end that are at least da_model_options.older_ns old. */
	uint64_t old_bytes, old_blocks;
	uint32_t stack; /**< for da_model_frames() */
	uint32_t depth; /**< frames */
	uint8_t end; /**< enum da_unwind_end */
	/** NULL: all numbers are exact. Else alloc_*, live_*, peak_*, temporary_blocks and old_*
	 * are estimates, and largest_bytes and the times are those of sampled blocks. */
	const struct da_model_sampled *sampled;
};

/** Blocks of this site given back. */
static inline uint64_t da_model_site_free_calls(const struct da_model_site *s)
{
	return s->alloc_calls - s->live_blocks;
}

/** Bytes of this site given back. */
static inline uint64_t da_model_site_freed_bytes(const struct da_model_site *s)
{
	return s->alloc_bytes - s->live_bytes;
}

/** @to += @s, as for the sum of two sites. */
void da_model_sampled_add(struct da_model_sampled *to, const struct da_model_sampled *s);

/** By how much an estimate may be off: in 95 of 100 cases the truth is within this. */
uint64_t da_model_error(double variance);

/** Which part of a recording is counted. da_model_options_init() gives: all of it. */
struct da_model_options {
	uint32_t word_bits; /**< of the recording: 32 or 64; run-time addresses are modulo 2^this */
	uint32_t sample; /**< of the recording: da_header.sample */
	bool is_filtered; /**< of the recording: blocks of some sizes are not in it */
	/** Only blocks of these sizes. Others leave no trace in any number but func calls. */
	uint64_t min_size, max_size;
	/** Only blocks allocated at or after @from_ns; the replay stops before the first event
	 * after @to_ns, so that "live" means live then. */
	uint64_t from_ns, to_ns;
	/** Only blocks allocated by the thread with this kernel tid; 0: all. */
	uint64_t tid;
	/** Only blocks allocated by threads named so at that time; NULL: all. Kept by reference. */
	const char *thread_name;
	/** Age for site.old_*; 0: those stay 0. */
	uint64_t older_ns;
	/** Most blocks live at once, about 64 bytes of memory each: what would add to them is
	 * damage, so that a small hostile recording cannot ask for all memory. */
	uint64_t max_blocks;
};

/** max_blocks as da_model_options_init() sets it: about 1 GB. */
#define DA_MODEL_BLOCKS (UINT64_C(1) << 24)

struct da_stacks;
struct da_header;

/** A finished replay. All arrays belong to the model. */
struct da_model {
	struct da_model_totals totals;
	struct da_model_quality quality;
	struct da_model_func funcs[DA_FUNC_COUNT];
	struct da_model_module *modules;
	size_t n_modules;
	struct da_model_thread *threads; /**< by id */
	size_t n_threads;
	struct da_model_point *timeline; /**< <= DA_MODEL_POINTS, the global peak among them */
	size_t n_points;
	struct da_model_size *sizes; /**< by size */
	size_t n_sizes;
	struct da_model_site *sites; /**< in order of first use; [0] is the one without a stack */
	size_t n_sites;
	const struct da_stacks *stacks; /**< the frames, for da_model_frames() */
	/** Not 0: one stack per this many bytes was sampled, and sites[i].sampled is set. */
	uint32_t sample_bytes;
};

/** Everything, of a 64-bit recording. */
void da_model_options_init(struct da_model_options *o);

/** Take what a recording's header says of how it was made. */
void da_model_options_take(struct da_model_options *o, const struct da_header *h);

/**
 * The frames of @site, innermost first.
 * @frames: room for DA_STREAM_MAX_FRAMES.
 * @return how many there are: site->depth.
 */
uint32_t da_model_frames(const struct da_model *m, const struct da_model_site *site,
			 struct da_model_frame *frames);

#endif
