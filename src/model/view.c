/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/view.h"

#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "ds/vec.h"
#include "unwind/unwind.h"

void da_view_init(struct da_view *v, const struct da_model_options *options)
{
	*v = (struct da_view){ .options = options };
	da_heap_init(&v->heap, options);
	da_sites_init(&v->sites, options->word_bits);
	da_intern_put_text(&v->names, "");
}

void da_view_deinit(struct da_view *v)
{
	da_heap_deinit(&v->heap);
	da_sites_deinit(&v->sites);
	da_intern_deinit(&v->names);
	da_arena_deinit(&v->arena);
	free(v->lanes);
	free(v->model.threads);
	free(v->model.timeline);
	free(v->model.sizes);
	free(v->scaled);
	free(v->sampled);
}

struct da_lane *da_view_add_lane(struct da_view *v, uint64_t id)
{
	struct da_lane *lane = da_arena_alloc(&v->arena, sizeof(*lane));

	lane->id = id;
	lane->thread = da_heap_add_thread(&v->heap);
	v->lanes = da_vec_reserve(v->lanes, &v->lanes_cap, v->n_lanes + 1, sizeof(*v->lanes));
	v->lanes[v->n_lanes++] = lane;
	return lane;
}

void da_view_put_rss(struct da_view *v, uint64_t time_ns, uint64_t bytes)
{
	struct da_model_totals *t = &v->heap.totals;

	if (time_ns > v->last_ns)
		v->last_ns = time_ns;
	if (time_ns < v->options->from_ns || time_ns > v->options->to_ns)
		return;
	if (bytes > t->peak_rss_bytes)
		t->peak_rss_bytes = bytes;
	da_timeline_put_rss(&v->heap.timeline, time_ns, bytes);
}

void da_view_put_lost(struct da_view *v, uint64_t reason, uint64_t events)
{
	v->model.quality.events_lost[reason < DA_LOST_COUNT ? reason : DA_LOST_COUNT] = events;
}

void da_view_put_end(struct da_view *v, const struct da_event *e)
{
	struct da_model_quality *q = &v->model.quality;

	if (e->time_ns > v->last_ns)
		v->last_ns = e->time_ns;
	q->has_end = true;
	q->end = e->end.kind <= DA_END_EXEC ? (enum da_end)e->end.kind : DA_END_UNKNOWN;
	q->end_value = e->end.value;
	q->events_seen = e->end.seen;
	q->events_recorded = e->end.recorded;
}

static int by_id(const void *a, const void *b)
{
	const struct da_model_thread *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void make_threads(struct da_view *v)
{
	struct da_model_thread *threads = da_xcalloc(v->n_lanes, sizeof(*threads));

	for (size_t i = 0; i < v->n_lanes; i++) {
		const struct da_lane *lane = v->lanes[i];
		const struct da_heap_thread *t = &v->heap.threads[lane->thread];

		threads[i] = (struct da_model_thread){
			.id = lane->id,
			.tid = lane->tid,
			.name = da_intern_get(&v->names, lane->name),
			.alloc_calls = t->alloc_calls,
			.alloc_bytes = t->alloc_bytes,
			.free_calls = t->free_calls,
			.freed_bytes = t->freed_bytes,
			.ended = lane->ended,
		};
	}
	qsort(threads, v->n_lanes, sizeof(*threads), by_id);
	free(v->model.threads);
	v->model.threads = threads;
	v->model.n_threads = v->n_lanes;
}

static void make_timeline(struct da_view *v)
{
	struct da_model_totals *t = &v->heap.totals;
	uint64_t end_ns;

	t->duration_ns = v->heap.now_ns > v->last_ns ? v->heap.now_ns : v->last_ns;
	end_ns = t->duration_ns < v->options->to_ns ? t->duration_ns : v->options->to_ns;
	if (!v->model.timeline)
		v->model.timeline = da_xcalloc(DA_MODEL_POINTS, sizeof(*v->model.timeline));
	v->model.n_points = da_timeline_get(&v->heap.timeline, end_ns, v->model.timeline);
}

static void make_sizes(struct da_view *v)
{
	free(v->model.sizes);
	v->model.sizes = da_xcalloc(da_sizes_count(&v->heap.sizes), sizeof(*v->model.sizes));
	v->model.n_sizes = da_sizes_get(&v->heap.sizes, v->model.sizes);
}

/* The outermost frame's module: where a walk could not go on. */
static uint32_t outermost_module(const struct da_view *v, const struct da_model_site *s)
{
	struct da_model_frame frame = { .module = DA_MODEL_NO_MODULE };
	uint32_t id = s->stack;

	for (uint32_t i = 0; i < s->depth; i++)
		id = da_stacks_get(&v->sites.stacks, id, &frame);
	return frame.module;
}

static void count_stack(struct da_view *v, const struct da_model_site *s)
{
	struct da_model_quality *q = &v->model.quality;
	size_t end = da_stacks_root(s->end);
	uint32_t module;

	q->stacks_by_end[end]++;
	q->calls_by_end[end] += s->alloc_calls;
	if (s->end == DA_UNWIND_END_COMPLETE) {
		q->stacks_complete++;
		return;
	}
	q->stacks_truncated++;
	module = outermost_module(v, s);
	if (module != DA_MODEL_NO_MODULE)
		v->sites.modules.files[module].stacks_by_end[end]++;
}

static void make_quality(struct da_view *v)
{
	struct da_model_quality *q = &v->model.quality;

	q->unknown_frees = v->options->is_filtered ? 0 : v->heap.unknown_frees;
	q->filtered_frees = v->options->is_filtered ? v->heap.unknown_frees : 0;
	q->order_repairs = v->heap.order_repairs;
	q->stacks_complete = q->stacks_truncated = 0;
	q->calls_without_stack = v->heap.sites[0].alloc_calls;
	for (size_t i = 0; i < DA_MODEL_ENDS; i++)
		q->stacks_by_end[i] = q->calls_by_end[i] = 0;
	for (size_t i = 0; i < v->sites.modules.n_files; i++)
		for (size_t end = 0; end < DA_MODEL_ENDS; end++)
			v->sites.modules.files[i].stacks_by_end[end] = 0;
	for (size_t i = 1; i < v->heap.n_sites; i++)
		count_stack(v, &v->model.sites[i]);
}

/* The sites with estimates in the place of what was sampled; what was not is nobody's. */
static void scale_sites(struct da_view *v)
{
	size_t n = v->heap.n_sites;
	static const struct da_estimate_site none;

	free(v->scaled);
	free(v->sampled);
	v->scaled = da_xcalloc(n, sizeof(*v->scaled));
	v->sampled = da_xcalloc(n, sizeof(*v->sampled));
	memcpy(v->scaled, v->heap.sites, n * sizeof(*v->scaled));
	for (size_t i = 0; i < n; i++)
		da_estimate_scale(&v->scaled[i], i ? &v->heap.estimates[i] : &none, &v->sampled[i]);
	v->sampled[0] = (struct da_model_sampled){ .alloc.blocks = 0 };
	v->scaled[0].largest_bytes = v->scaled[0].first_time_ns = v->scaled[0].last_time_ns = 0;
}

static void make_sites(struct da_view *v)
{
	da_heap_settle(&v->heap);
	v->model.sites = v->heap.sites;
	if (v->options->sample) {
		scale_sites(v);
		v->model.sites = v->scaled;
	}
	v->model.n_sites = v->heap.n_sites;
	v->model.sample_bytes = v->options->sample;
}

const struct da_model *da_view_make(struct da_view *v)
{
	struct da_model *m = &v->model;

	make_sites(v);
	make_threads(v);
	make_timeline(v);
	make_sizes(v);
	make_quality(v);
	m->totals = v->heap.totals;
	m->modules = v->sites.modules.files;
	m->n_modules = v->sites.modules.n_files;
	m->stacks = &v->sites.stacks;
	return m;
}
