/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/replay.h"

#include <stdlib.h>
#include <string.h>

#include "codec/order.h"
#include "ds/intern.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "model/merge.h"
#include "model/sites.h"
#include "model/view.h"

/* Lanes that may keep their decoders while they have nothing to say. */
#define IDLE_WORKS_MAX 512

struct da_replay {
	struct da_model_options options;
	struct da_view view; /* lanes, heap, sites and the model made of them */
	struct da_map lane_of; /* thread id to index in view.lanes, plus 1 */
	struct da_lane_pool pool;
	struct da_merge merge;
	struct da_decoder meta;
	uint64_t watermark;
	uint64_t applied; /* largest order key that had its turn */
	bool finishing;
	bool past_end; /* options.to_ns has passed: nothing counts any more */
	struct da_replay_damage damage;
};

struct da_replay *da_replay_create(const struct da_model_options *options)
{
	struct da_replay *r = da_xcalloc(1, sizeof(*r));

	da_model_options_init(&r->options);
	if (options)
		r->options = *options;
	da_map_init(&r->lane_of, sizeof(uint64_t));
	da_view_init(&r->view, &r->options);
	return r;
}

void da_replay_destroy(struct da_replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->view.n_lanes; i++)
		da_lane_deinit(r->view.lanes[i], &r->pool);
	da_lane_pool_deinit(&r->pool);
	da_merge_deinit(&r->merge);
	da_map_deinit(&r->lane_of);
	da_view_deinit(&r->view);
	free(r);
}

const struct da_replay_damage *da_replay_damage(const struct da_replay *r)
{
	return &r->damage;
}

static void set_damage(struct da_replay *r, uint64_t thread, uint64_t at, const char *why)
{
	if (!r->damage.why)
		r->damage = (struct da_replay_damage){ .thread = thread, .at = at, .why = why };
}

static bool is_wanted(const struct da_replay *r, const struct da_lane *lane)
{
	const struct da_model_options *o = &r->options;

	return (!o->tid || o->tid == lane->tid) &&
	       (!o->thread_name ||
		!strcmp(o->thread_name, da_intern_get(&r->view.names, lane->name)));
}

/* NULL when there are too many. */
static struct da_lane *lane_of(struct da_replay *r, uint64_t thread)
{
	uint64_t *index = da_map_find(&r->lane_of, thread);
	struct da_lane *lane;

	if (index)
		return r->view.lanes[*index - 1];
	if (r->view.n_lanes >= DA_REPLAY_THREADS_MAX)
		return NULL;
	lane = da_view_add_lane(&r->view, thread);
	lane->wanted = is_wanted(r, lane);
	index = da_map_put(&r->lane_of, thread, NULL);
	*index = r->view.n_lanes;
	return lane;
}

static void set_name(struct da_replay *r, struct da_lane *lane, const struct da_event *e)
{
	lane->name = da_intern_put(&r->view.names, e->text.bytes, e->text.len);
	lane->wanted = is_wanted(r, lane);
}

/* An event of a thread's stream that has no order key takes effect when it is decoded. */
static const char *take_unordered(struct da_replay *r, struct da_lane *lane)
{
	const struct da_event *e = &lane->work->event;

	switch (e->ext) {
	case DA_EXT_STACK: da_sites_define(lane); return NULL;
	case DA_EXT_THREAD:
		lane->tid = e->tid;
		lane->wanted = is_wanted(r, lane);
		return NULL;
	case DA_EXT_THREAD_NAME: set_name(r, lane, e); return NULL;
	case DA_EXT_CLOCK: return NULL;
	case DA_EXT_THREAD_END: lane->ended = true; return NULL;
	default: return "event of the meta stream in a thread's";
	}
}

static bool has_order(const struct da_event *e)
{
	return e->kind != DA_KIND_EXT || e->ext == DA_EXT_MODULE_LOAD ||
	       e->ext == DA_EXT_MODULE_UNLOAD;
}

/* Decode up to the lane's next event with an order key. lane->has_event says if there is one. */
static void look_ahead(struct da_replay *r, struct da_lane *lane)
{
	lane->has_event = false;
	while (da_lane_has_bytes(lane)) {
		const char *why;

		if (lane->unresolved && da_lane_is_stack_next(lane))
			da_sites_resolve(&r->view.sites, &r->view.heap, lane);
		why = da_lane_decode(lane, &r->pool);
		if (!why && has_order(&lane->work->event)) {
			lane->has_event = true;
			return;
		}
		why = why ? why : take_unordered(r, lane);
		if (why) {
			set_damage(r, lane->id, lane->work->first->at, why);
			return;
		}
	}
}

static struct da_heap_call call_of(const struct da_replay *r, const struct da_lane *lane)
{
	const struct da_event *e = &lane->work->event;

	return (struct da_heap_call){
		.order = e->order,
		.time_ns = e->time_ns,
		.addr = e->addr,
		.size = e->size,
		.site = da_sites_get(lane, e->stack),
		.thread = lane->thread,
		.late = da_lane_key(lane) < r->applied,
		.wanted = lane->wanted,
	};
}

/* @return whether the event's second half must wait for its own turn. */
static bool apply_heap(struct da_replay *r, struct da_lane *lane)
{
	const struct da_event *e = &lane->work->event;
	struct da_heap_call c = call_of(r, lane);
	struct da_heap *h = &r->view.heap;

	if (!lane->second_half) {
		r->view.model.quality.events_decoded++;
		r->view.model.funcs[e->func].calls++;
	}
	switch (e->kind) {
	case DA_KIND_ALLOC: da_heap_acquire(h, &c); return false;
	case DA_KIND_FREE: da_heap_release(h, &c); return false;
	case DA_KIND_FAIL:
		r->view.model.funcs[e->func].failed++;
		da_heap_fail(h, &c);
		return false;
	default: break;
	}
	if (lane->second_half) {
		c.order = e->order_acquired;
		da_heap_acquire(h, &c);
		return false;
	}
	h->totals.moved_reallocs += e->addr != e->old_addr;
	c.addr = e->old_addr;
	da_heap_release(h, &c);
	return true;
}

/* No address space holds such a block: sums that wrap around would pass for numbers. */
static bool is_impossible(const struct da_replay *r, const struct da_event *e)
{
	uint64_t sum;

	return (e->kind == DA_KIND_ALLOC || e->kind == DA_KIND_REALLOC) &&
	       __builtin_add_overflow(r->view.heap.totals.alloc_bytes, e->size, &sum);
}

/* Whether one more live block would be more than a hostile recording may make us hold. */
static bool is_too_much(const struct da_replay *r, const struct da_event *e)
{
	return e->kind == DA_KIND_ALLOC && r->view.heap.blocks.n >= r->options.max_blocks;
}

/* Give the lane's event, or the half of it whose turn it is, its effect. */
static void apply(struct da_replay *r, struct da_lane *lane)
{
	const struct da_event *e = &lane->work->event;
	uint64_t key = da_lane_key(lane);
	bool half_done = false;

	if (e->time_ns > r->options.to_ns)
		r->past_end = true;
	if (lane->unresolved && e->kind != DA_KIND_EXT)
		da_sites_resolve(&r->view.sites, &r->view.heap, lane);
	if (e->kind == DA_KIND_EXT)
		da_sites_change(&r->view.sites, e);
	else if (is_impossible(r, e))
		set_damage(r, lane->id, lane->work->first->at, "sizes add up to more than 2^64");
	else if (is_too_much(r, e))
		set_damage(r, lane->id, lane->work->first->at,
			   "more blocks are live at once than a report may follow");
	else if (!r->past_end)
		half_done = apply_heap(r, lane);
	r->applied = key > r->applied ? key : r->applied;
	lane->second_half = half_done;
	if (!half_done)
		look_ahead(r, lane);
}

static bool has_turn(const struct da_replay *r, uint64_t key)
{
	return key < r->watermark || (key == r->applied + 1 && key < DA_ORDER_MANY) || r->finishing;
}

static void settle_top(struct da_replay *r)
{
	struct da_lane *lane = r->merge.entries[0].lane;

	if (lane->has_event) {
		da_merge_update(&r->merge);
		return;
	}
	da_merge_pop(&r->merge);
	if (!lane->unresolved && !da_lane_has_bytes(lane) &&
	    (lane->ended || r->pool.n_works > IDLE_WORKS_MAX))
		da_lane_pack(lane, &r->pool);
}

static bool is_over_budget(const struct da_replay *r)
{
	return r->pool.pending_bytes + r->merge.n * sizeof(struct da_lane_work) >
	       DA_REPLAY_PENDING_MAX;
}

/* Give all events their turn that can have it. */
static void run(struct da_replay *r)
{
	while (r->merge.n) {
		struct da_lane *lane = r->merge.entries[0].lane;
		uint64_t second = da_merge_second_key(&r->merge);
		bool forced = !has_turn(r, da_lane_key(lane));

		if (forced && !is_over_budget(r))
			return;
		r->view.model.quality.forced_releases += forced;
		do {
			apply(r, lane);
		} while (lane->has_event && da_lane_key(lane) < second &&
			 has_turn(r, da_lane_key(lane)));
		settle_top(r);
	}
}

static const char *take_meta(struct da_replay *r, const struct da_event *e)
{
	struct da_lane *lane;

	if (e->kind != DA_KIND_EXT)
		return "heap event in the meta stream";
	switch (e->ext) {
	case DA_EXT_WATERMARK:
		r->watermark = e->watermark > r->watermark ? e->watermark : r->watermark;
		run(r);
		return NULL;
	case DA_EXT_RSS: da_view_put_rss(&r->view, e->rss.time_ns, e->rss.bytes); return NULL;
	case DA_EXT_LOST: da_view_put_lost(&r->view, e->lost.reason, e->lost.events); return NULL;
	case DA_EXT_END: da_view_put_end(&r->view, e); return NULL;
	case DA_EXT_NAME_OF:
		lane = e->text.thread && e->text.thread <= DA_STREAM_MAX_THREADS ?
			       lane_of(r, e->text.thread) :
			       NULL;
		if (!lane)
			return "name of an impossible thread";
		set_name(r, lane, e);
		return NULL;
	case DA_EXT_NOTE:
	case DA_EXT_CLOCK: return NULL;
	default: return "event of a thread in the meta stream";
	}
}

static void feed_meta(struct da_replay *r, const struct da_replay_piece *piece)
{
	struct da_cursor c = { .bytes = piece->bytes, .len = piece->len };
	struct da_event e;
	enum da_decode_status status;

	while ((status = da_decode(&r->meta, &c, &e)) == DA_DECODE_EVENT && !r->damage.why) {
		const char *why = take_meta(r, &e);

		if (why)
			set_damage(r, 0, piece->at, why);
	}
	if (status == DA_DECODE_BAD)
		set_damage(r, 0, piece->at, c.why);
}

static void feed_thread(struct da_replay *r, const struct da_replay_piece *piece)
{
	struct da_lane *lane = lane_of(r, piece->thread);

	if (!lane) {
		set_damage(r, piece->thread, piece->at, "too many threads");
		return;
	}
	da_lane_feed(lane, &r->pool, piece->bytes, piece->len, piece->at);
	if (!lane->has_event) {
		look_ahead(r, lane);
		if (lane->has_event)
			da_merge_push(&r->merge, lane);
	}
	run(r);
}

bool da_replay_feed(struct da_replay *r, const struct da_replay_piece *piece, struct da_err *err)
{
	if (piece->len && !r->damage.why) {
		if (piece->thread)
			feed_thread(r, piece);
		else
			feed_meta(r, piece);
	}
	if (!r->damage.why)
		return true;
	return da_err_set(err, "cannot decode thread %llu of the recording: %s",
			  (unsigned long long)r->damage.thread, r->damage.why);
}

const struct da_model *da_replay_snapshot(struct da_replay *r)
{
	return da_view_make(&r->view);
}

const struct da_model *da_replay_finish(struct da_replay *r)
{
	r->finishing = true;
	run(r);
	return da_view_make(&r->view);
}
