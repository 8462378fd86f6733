/* SPDX-License-Identifier: GPL-3.0-or-later */
/** A binary heap of lanes that have an event waiting, the smallest order key on top. */
#ifndef DA_MODEL_MERGE_H
#define DA_MODEL_MERGE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "model/lane.h"

struct da_merge_entry {
	uint64_t key;
	struct da_lane *lane;
};

/** Zero-filled is empty. */
struct da_merge {
	struct da_merge_entry *entries; /**< @n of them */
	size_t n, cap;
};

/** Add a lane whose event has just been decoded. */
void da_merge_push(struct da_merge *m, struct da_lane *lane);

/** Take the top lane out. */
void da_merge_pop(struct da_merge *m);

/** The top lane has another event now: put it where it belongs. */
void da_merge_update(struct da_merge *m);

/** The smallest key below the top: UINT64_MAX when there is none. */
uint64_t da_merge_second_key(const struct da_merge *m);

/** Free its memory. */
void da_merge_deinit(struct da_merge *m);

#endif
