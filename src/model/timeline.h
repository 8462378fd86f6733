/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Heap and resident bytes over time in bounded memory: stretches of equal length, doubled whenever
 * the recording outgrows them, each remembering its highest moment. So no peak is ever lost.
 */
#ifndef DA_MODEL_TIMELINE_H
#define DA_MODEL_TIMELINE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "model/model.h"

/** Stretches kept; one more point is the end. */
#define DA_TIMELINE_STRETCHES (DA_MODEL_POINTS - 2)

struct da_timeline_stretch {
	uint64_t heap_max, heap_max_time_ns, heap_last;
	uint64_t rss_max, rss_time_ns;
	bool has_heap, has_rss;
};

struct da_timeline {
	struct da_timeline_stretch stretches[DA_TIMELINE_STRETCHES];
	uint32_t log_ns; /**< a stretch is 2^log_ns nanoseconds long */
	struct da_timeline_stretch *current; /**< of the last heap value */
	uint64_t current_end_ns; /**< first moment after it */
	uint64_t heap_last;
};

/** Make it empty. */
void da_timeline_init(struct da_timeline *t);

/** da_timeline_put_heap() into another stretch. */
void da_timeline_turn(struct da_timeline *t, uint64_t time_ns);

/** The heap holds @bytes from @time_ns on, which must not be smaller than the last time. */
static inline void da_timeline_put_heap(struct da_timeline *t, uint64_t time_ns, uint64_t bytes)
{
	if (time_ns >= t->current_end_ns)
		da_timeline_turn(t, time_ns);
	if (bytes > t->current->heap_max) {
		t->current->heap_max = bytes;
		t->current->heap_max_time_ns = time_ns;
	}
	t->current->heap_last = bytes;
}

/** @bytes were resident at @time_ns; any order. */
void da_timeline_put_rss(struct da_timeline *t, uint64_t time_ns, uint64_t bytes);

/**
 * Write the points, at most DA_MODEL_POINTS, by time; the last is @end_ns with the latest values.
 * @return how many.
 */
size_t da_timeline_get(const struct da_timeline *t, uint64_t end_ns, struct da_model_point *points);

#endif
