/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/unwind.h"

#include "unwind/cache.h"
#include "unwind/trail.h"

/* Frames that a thread has room for at first. */
#define FIRST_FRAMES 16u

static size_t round_up(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static size_t frames_size(uint32_t n)
{
	return round_up((2 * n + 1) * sizeof(struct da_trail_frame));
}

static size_t sums_size(uint32_t n)
{
	return round_up((n + 1) * sizeof(struct da_trail_sum));
}

static size_t words_size(uint32_t n)
{
	return round_up(n * DA_TRAIL_WORDS_KEPT * sizeof(struct da_trail_word));
}

/* Bytes of the arrays for stacks of @n frames. */
static size_t arrays_size(uint32_t n)
{
	return frames_size(n) + sums_size(n) + words_size(n) + round_up(n * sizeof(uintptr_t)) +
	       round_up(n);
}

/*
 * A handler's jump may end this between any two stores: an array has its end mark before it is in
 * use, and the larger arrays are in use before the larger capacity.
 */
static void place_arrays(struct da_unwind *u, uint8_t *p, uint32_t n)
{
	struct da_trail_frame *frames = (struct da_trail_frame *)p + 1;
	struct da_trail_sum *sums = (struct da_trail_sum *)(p + frames_size(n)) + 1;

	da_trail_clear(u);
	frames[-1].sp = UINTPTR_MAX;
	sums[-1].power = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	u->frames = frames;
	u->sums = sums;
	p += frames_size(n) + sums_size(n);
	u->words = (struct da_trail_word *)p;
	p += words_size(n);
	u->pcs = (uintptr_t *)p;
	u->exact = p + round_up(n * sizeof(uintptr_t));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	u->capacity = n;
}

static uint32_t first_frames(uint32_t max_depth)
{
	return max_depth < FIRST_FRAMES ? max_depth : FIRST_FRAMES;
}

size_t da_unwind_bytes(uint32_t max_depth)
{
	return DA_CACHE_FIRST_SLOTS * sizeof(struct da_unwind_cache) +
	       arrays_size(first_frames(max_depth)) + arrays_size(max_depth) +
	       DA_CACHE_SLOTS * sizeof(struct da_unwind_cache);
}

void da_unwind_init(struct da_unwind *u, void *memory, uint32_t max_depth)
{
	uint8_t *p = memory;

	u->max_depth = max_depth;
	u->cache = (struct da_unwind_cache *)p;
	u->cache_mask = DA_CACHE_MASK(DA_CACHE_FIRST_SLOTS);
	p += DA_CACHE_FIRST_SLOTS * sizeof(struct da_unwind_cache);
	place_arrays(u, p, first_frames(max_depth));
	u->large_frames = p + arrays_size(first_frames(max_depth));
	u->large_cache = (struct da_unwind_cache *)(u->large_frames + arrays_size(max_depth));
}

bool da_trail_grow(struct da_unwind *u)
{
	if (u->capacity == u->max_depth)
		return false;
	place_arrays(u, u->large_frames, u->max_depth);
	return true;
}

void da_unwind_forget(struct da_unwind *u)
{
	da_cache_clear(u);
	da_trail_clear(u);
}

void da_unwind_list(struct da_unwind *u)
{
	if (u->is_listed)
		return;
	for (uint32_t i = 0; i < u->n; i++) {
		u->pcs[i] = u->frames[i].pc;
		u->exact[i] = !!(da_trail_state(&u->frames[i]) & DA_STATE_EXACT);
	}
	u->is_listed = true;
}

void da_unwind_first_only(struct da_unwind *u, const struct da_unwind_start *start,
			  enum da_unwind_end end)
{
	da_trail_clear(u);
	u->is_listed = true;
	u->n = 0;
	u->unknown_pc = 0;
	u->hash = 0;
	u->end = end;
	if (u->mode != DA_UNWIND_NONE && u->max_depth) {
		u->pcs[0] = start->pc;
		u->exact[0] = 0;
		u->n = 1;
		u->hash = da_trail_roll(0, start->pc, false);
	}
	u->hash = da_trail_end_hash(u->hash, end);
}
