/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Everything a replay has learned so far, and the struct da_model that shows it. */
#ifndef DA_MODEL_VIEW_H
#define DA_MODEL_VIEW_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "model/sites.h"

struct da_view {
	const struct da_model_options *options; /**< the owner's */
	struct da_heap heap;
	struct da_sites sites;
	struct da_lane **lanes; /**< by da_lane.thread */
	size_t n_lanes, lanes_cap;
	struct da_intern names; /**< of threads; 0 is "" */
	struct da_arena arena; /**< of the lanes */
	uint64_t last_ns; /**< latest time of a sample */
	struct da_model_site *scaled; /**< n_sites, of a sampled recording: model.sites */
	struct da_model_sampled *sampled; /**< what they rest on */
	struct da_model
		model; /**< kept up to date: quality's counters and funcs; the rest is made */
};

/** Begin with nothing known. @options must outlive it. */
void da_view_init(struct da_view *v, const struct da_model_options *options);

/** Free everything but what the lanes hold (da_lane_deinit()). */
void da_view_deinit(struct da_view *v);

/** Add a lane for thread @id. Its address is stable. */
struct da_lane *da_view_add_lane(struct da_view *v, uint64_t id);

/** Take a sample of resident memory. */
void da_view_put_rss(struct da_view *v, uint64_t time_ns, uint64_t bytes);

/** @events were lost so far for @reason (enum da_lost). */
void da_view_put_lost(struct da_view *v, uint64_t reason, uint64_t events);

/** Take the recording's last word (DA_EXT_END). */
void da_view_put_end(struct da_view *v, const struct da_event *e);

/** Make v->model show the present state. May be repeated. */
const struct da_model *da_view_make(struct da_view *v);

#endif
