/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/unwind.h"

#include "unwind/cache.h"
#include "unwind/trail.h"

/* Frames that a thread has room for at first. */
#define FIRST_FRAMES 20u

static size_t round_up(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

/* Bytes of the arrays for stacks of @n frames. */
static size_t frames_bytes(uint32_t n)
{
	return round_up((n + 1) * sizeof(struct da_trail_frame)) +
	       round_up(n * DA_TRAIL_WORDS_KEPT * sizeof(struct da_trail_word)) +
	       round_up(n * sizeof(struct da_trail_step)) + round_up(n * sizeof(uintptr_t)) +
	       round_up(n);
}

static uint32_t first_frames(uint32_t max_depth)
{
	return max_depth < FIRST_FRAMES ? max_depth : FIRST_FRAMES;
}

static void place_frames(struct da_unwind *u, uint8_t *p, uint32_t n)
{
	u->trail = (struct da_trail_frame *)p + 1;
	u->trail[-1].sp = UINTPTR_MAX;
	u->trail[-1].hash = 1;
	p += round_up((n + 1) * sizeof(struct da_trail_frame));
	u->words = (struct da_trail_word *)p;
	p += round_up(n * DA_TRAIL_WORDS_KEPT * sizeof(struct da_trail_word));
	u->steps = (struct da_trail_step *)p;
	p += round_up(n * sizeof(struct da_trail_step));
	u->pcs = (uintptr_t *)p;
	u->exact = p + round_up(n * sizeof(uintptr_t));
	u->capacity = n;
	u->trail_n = 0;
}

size_t da_unwind_bytes(uint32_t max_depth)
{
	return DA_CACHE_FIRST_SLOTS * sizeof(struct da_unwind_cache) +
	       frames_bytes(first_frames(max_depth)) + frames_bytes(max_depth) +
	       DA_CACHE_SLOTS * sizeof(struct da_unwind_cache);
}

void da_unwind_init(struct da_unwind *u, void *memory, uint32_t max_depth)
{
	uint8_t *p = memory;

	u->max_depth = max_depth;
	u->cache = (struct da_unwind_cache *)p;
	u->cache_mask = DA_CACHE_FIRST_SLOTS - 1;
	p += DA_CACHE_FIRST_SLOTS * sizeof(struct da_unwind_cache);
	place_frames(u, p, first_frames(max_depth));
	u->large_frames = p + frames_bytes(first_frames(max_depth));
	u->large_cache = (struct da_unwind_cache *)(u->large_frames + frames_bytes(max_depth));
}

bool da_trail_grow(struct da_unwind *u)
{
	if (u->capacity == u->max_depth)
		return false;
	place_frames(u, u->large_frames, u->max_depth);
	return true;
}

void da_unwind_forget(struct da_unwind *u)
{
	da_cache_clear(u);
	da_trail_clear(u);
}

void da_unwind_first_only(struct da_unwind *u, const struct da_unwind_start *start,
			  enum da_unwind_end end)
{
	da_trail_clear(u);
	u->n = 0;
	u->unknown_pc = 0;
	u->end = end;
	if (u->mode != DA_UNWIND_NONE && u->max_depth) {
		u->pcs[0] = start->pc;
		u->exact[0] = 0;
		u->n = 1;
	}
	da_trail_hash(u);
}
