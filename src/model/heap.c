/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/heap.h"

#include <stdlib.h>

#include "ds/vec.h"

/* Site of blocks that da_model_options leave out. */
#define SITE_UNCOUNTED UINT32_MAX
#define MS 1000000u

/* A live block: the value of da_heap.blocks. With its address 32 bytes, two to a cache line. */
struct block {
	uint64_t size;
	uint32_t site;
	uint32_t thread;
	uint32_t time_ms; /* since the start, saturating after 49 days */
	uint32_t order; /* low half of its order key */
};

void da_heap_init(struct da_heap *h, const struct da_model_options *options)
{
	*h = (struct da_heap){ .options = options };
	da_map_init(&h->blocks, sizeof(struct block));
	da_map_init(&h->orphans, sizeof(uint64_t));
	da_timeline_init(&h->timeline);
	da_sizes_init(&h->sizes);
	da_heap_add_site(h, 0, 0, 0);
}

void da_heap_deinit(struct da_heap *h)
{
	da_map_deinit(&h->blocks);
	da_map_deinit(&h->orphans);
	da_sizes_deinit(&h->sizes);
	free(h->sites);
	free(h->estimates);
	free(h->threads);
}

uint32_t da_heap_add_site(struct da_heap *h, uint32_t stack, uint32_t depth, uint8_t end)
{
	h->sites = da_vec_reserve(h->sites, &h->sites_cap, h->n_sites + 1, sizeof(*h->sites));
	h->sites[h->n_sites] = (struct da_model_site){
		.peak_epoch = h->epoch,
		.stack = stack,
		.depth = depth,
		.end = end,
	};
	if (h->options->sample) {
		h->estimates = da_vec_reserve(h->estimates, &h->estimates_cap, h->n_sites + 1,
					      sizeof(*h->estimates));
		h->estimates[h->n_sites] = (struct da_estimate_site){ .alloc.blocks = 0 };
	}
	return (uint32_t)h->n_sites++;
}

uint32_t da_heap_add_thread(struct da_heap *h)
{
	h->threads =
		da_vec_reserve(h->threads, &h->threads_cap, h->n_threads + 1, sizeof(*h->threads));
	h->threads[h->n_threads] = (struct da_heap_thread){ 0 };
	return (uint32_t)h->n_threads++;
}

/* The site, ready to be changed: its values at the last peak are written down. */
static struct da_model_site *touch(struct da_heap *h, uint32_t site)
{
	struct da_model_site *s = &h->sites[site];

	if (s->peak_epoch != h->epoch) {
		s->peak_bytes = s->live_bytes;
		s->peak_blocks = s->live_blocks;
		s->peak_epoch = h->epoch;
		if (h->estimates)
			h->estimates[site].peak = h->estimates[site].live;
	}
	return s;
}

static void advance(struct da_heap *h, uint64_t time_ns)
{
	if (time_ns > h->now_ns)
		h->now_ns = time_ns;
}

static bool is_counted(const struct da_heap *h, const struct da_heap_call *c)
{
	const struct da_model_options *o = h->options;

	return c->wanted && c->size >= o->min_size && c->size <= o->max_size &&
	       h->now_ns >= o->from_ns;
}

static void note_heap(struct da_heap *h)
{
	struct da_model_totals *t = &h->totals;

	if (t->live_bytes > t->peak_bytes) {
		t->peak_bytes = t->live_bytes;
		t->peak_blocks = t->live_blocks;
		t->peak_time_ns = h->now_ns;
		h->epoch++;
	}
	da_timeline_put_heap(&h->timeline, h->now_ns, t->live_bytes);
}

/* The estimates of a site change by a block; those that were not sampled are in site 0. */
static void estimate_acquire(struct da_heap *h, uint32_t site, uint64_t size)
{
	struct da_estimate block;

	if (!h->estimates || !site)
		return;
	block = da_estimate_of(size, h->options->sample);
	da_estimate_add(&h->estimates[site].alloc, &block, 1);
	da_estimate_add(&h->estimates[site].live, &block, 1);
}

static void estimate_release(struct da_heap *h, uint32_t site, uint64_t size, bool temporary)
{
	struct da_estimate block;

	if (!h->estimates || !site)
		return;
	block = da_estimate_of(size, h->options->sample);
	da_estimate_add(&h->estimates[site].live, &block, -1);
	if (!h->sites[site].live_blocks) /* what is left of rounding */
		h->estimates[site].live = (struct da_estimate){ .blocks = 0 };
	if (temporary)
		da_estimate_add(&h->estimates[site].temporary, &block, 1);
}

static void count_acquire(struct da_heap *h, const struct da_heap_call *c)
{
	struct da_model_site *s = touch(h, c->site);
	struct da_heap_thread *thread = &h->threads[c->thread];

	if (!s->alloc_calls++)
		s->first_time_ns = h->now_ns;
	s->last_time_ns = h->now_ns;
	s->alloc_bytes += c->size;
	s->live_blocks++;
	s->live_bytes += c->size;
	if (c->size > s->largest_bytes)
		s->largest_bytes = c->size;
	thread->alloc_calls++;
	thread->alloc_bytes += c->size;
	h->totals.alloc_calls++;
	h->totals.alloc_bytes += c->size;
	h->totals.live_blocks++;
	h->totals.live_bytes += c->size;
	da_sizes_put(&h->sizes, c->size);
	estimate_acquire(h, c->site, c->size);
	note_heap(h);
}

/* @c: what gave @b back; NULL when that was not seen. */
static void count_release(struct da_heap *h, const struct block *b, const struct da_heap_call *c)
{
	struct da_model_site *s = touch(h, b->site);
	bool temporary = c && h->threads[b->thread].last_addr == c->addr;

	s->live_blocks--;
	s->live_bytes -= b->size;
	estimate_release(h, b->site, b->size, temporary);
	if (c) {
		struct da_heap_thread *thread = &h->threads[c->thread];
		/* that some reallocs were sampled says nothing of the other releases */
		uint32_t from = h->estimates ? 0 : c->site;

		s->temporary_blocks += temporary;
		h->totals.temporary_blocks += temporary;
		thread->free_calls++;
		thread->freed_bytes += b->size;
		h->sites[from].released_calls++;
		h->sites[from].released_bytes += b->size;
	}
	h->totals.free_calls++;
	h->totals.freed_bytes += b->size;
	h->totals.live_blocks--;
	h->totals.live_bytes -= b->size;
	da_timeline_put_heap(&h->timeline, h->now_ns, h->totals.live_bytes);
}

/* Whether key @a is larger than key @b, both cut to 32 bits and not very far from each other. */
static bool is_newer(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* Whether the block of a late acquire is known to have been given back again already. */
static bool is_outlived(struct da_heap *h, const struct da_heap_call *c)
{
	const struct block *b = da_map_find(&h->blocks, c->addr);
	const uint64_t *freed = da_map_find(&h->orphans, c->addr);

	if (b && is_newer(b->order, (uint32_t)c->order))
		return true;
	if (!freed || !is_newer((uint32_t)*freed, (uint32_t)c->order))
		return false;
	h->unknown_frees--;
	da_map_remove(&h->orphans, c->addr, NULL);
	return true;
}

static struct block block_of(const struct da_heap *h, const struct da_heap_call *c)
{
	uint64_t ms = h->now_ns / MS;

	return (struct block){
		.size = c->size,
		.site = is_counted(h, c) ? c->site : SITE_UNCOUNTED,
		.thread = c->thread,
		.time_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms,
		.order = (uint32_t)c->order,
	};
}

static void acquire_outlived(struct da_heap *h, const struct da_heap_call *c, const struct block *b)
{
	h->order_repairs++;
	if (b->site == SITE_UNCOUNTED)
		return;
	count_acquire(h, c);
	count_release(h, b, NULL);
}

void da_heap_acquire(struct da_heap *h, const struct da_heap_call *c)
{
	struct block *slot, b;
	bool is_new;

	advance(h, c->time_ns);
	if (!c->addr) {
		da_heap_fail(h, c);
		return;
	}
	b = block_of(h, c);
	if (c->late && is_outlived(h, c)) {
		acquire_outlived(h, c, &b);
		return;
	}
	slot = da_map_put(&h->blocks, c->addr, &is_new);
	if (!is_new) {
		h->order_repairs++;
		if (slot->site != SITE_UNCOUNTED)
			count_release(h, slot, NULL);
	}
	*slot = b;
	h->threads[c->thread].last_addr = c->addr;
	if (b.site != SITE_UNCOUNTED)
		count_acquire(h, c);
}

static void release_unknown(struct da_heap *h, const struct da_heap_call *c)
{
	uint64_t *order;

	h->unknown_frees++;
	if (!c->addr)
		return;
	if (h->orphans.n >= DA_HEAP_ORPHANS_MAX)
		da_map_clear(&h->orphans);
	order = da_map_put(&h->orphans, c->addr, NULL);
	*order = c->order;
}

void da_heap_release(struct da_heap *h, const struct da_heap_call *c)
{
	struct block *found = da_map_find(&h->blocks, c->addr), b;

	advance(h, c->time_ns);
	if (!found) {
		release_unknown(h, c);
		return;
	}
	if (c->late && is_newer(found->order, (uint32_t)c->order)) {
		/* it gave back the address's previous block, which is accounted for already */
		h->order_repairs++;
		return;
	}
	b = *found;
	da_map_drop(&h->blocks, found);
	if (b.site != SITE_UNCOUNTED)
		count_release(h, &b, c);
}

void da_heap_fail(struct da_heap *h, const struct da_heap_call *c)
{
	advance(h, c->time_ns);
	if (!is_counted(h, c))
		return;
	h->sites[c->site].failed_calls++;
	h->totals.failed_calls++;
}

static void count_old(struct da_heap *h)
{
	uint64_t age_ms = (h->options->older_ns + MS - 1) / MS, now_ms = h->now_ns / MS, addr;
	const struct block *b;
	size_t at = 0;

	for (size_t i = 0; i < h->n_sites; i++) {
		h->sites[i].old_bytes = h->sites[i].old_blocks = 0;
		if (h->estimates)
			h->estimates[i].old = (struct da_estimate){ .blocks = 0 };
	}
	while ((b = da_map_next(&h->blocks, &at, &addr))) {
		if (b->site == SITE_UNCOUNTED || now_ms < b->time_ms ||
		    now_ms - b->time_ms < age_ms)
			continue;
		h->sites[b->site].old_blocks++;
		h->sites[b->site].old_bytes += b->size;
		if (h->estimates && b->site) {
			struct da_estimate e = da_estimate_of(b->size, h->options->sample);

			da_estimate_add(&h->estimates[b->site].old, &e, 1);
		}
	}
}

void da_heap_settle(struct da_heap *h)
{
	for (size_t i = 0; i < h->n_sites; i++)
		touch(h, (uint32_t)i);
	if (h->options->older_ns)
		count_old(h);
}
