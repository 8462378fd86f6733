/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/timeline.h"

/* About a millisecond, the clock's own step. */
#define FIRST_LOG_NS 20

static void find_current(struct da_timeline *t, uint64_t time_ns)
{
	uint64_t i = time_ns >> t->log_ns;

	t->current = &t->stretches[i];
	if (__builtin_add_overflow(i << t->log_ns, (uint64_t)1 << t->log_ns, &t->current_end_ns))
		t->current_end_ns = UINT64_MAX;
}

void da_timeline_init(struct da_timeline *t)
{
	*t = (struct da_timeline){ .log_ns = FIRST_LOG_NS };
	find_current(t, 0);
	t->current->has_heap = true;
}

static struct da_timeline_stretch join(const struct da_timeline_stretch *a,
				       const struct da_timeline_stretch *b)
{
	struct da_timeline_stretch s = *a;

	if (b->has_heap && (!a->has_heap || b->heap_max > a->heap_max)) {
		s.heap_max = b->heap_max;
		s.heap_max_time_ns = b->heap_max_time_ns;
	}
	if (b->has_heap)
		s.heap_last = b->heap_last;
	if (b->has_rss && (!a->has_rss || b->rss_max > a->rss_max)) {
		s.rss_max = b->rss_max;
		s.rss_time_ns = b->rss_time_ns;
	}
	s.has_heap = a->has_heap || b->has_heap;
	s.has_rss = a->has_rss || b->has_rss;
	return s;
}

static void make_room(struct da_timeline *t, uint64_t time_ns)
{
	struct da_timeline_stretch *s = t->stretches;

	while (time_ns >> t->log_ns >= DA_TIMELINE_STRETCHES) {
		for (size_t i = 0; i < DA_TIMELINE_STRETCHES / 2; i++)
			s[i] = join(&s[2 * i], &s[2 * i + 1]);
		for (size_t i = DA_TIMELINE_STRETCHES / 2; i < DA_TIMELINE_STRETCHES; i++)
			s[i] = (struct da_timeline_stretch){ 0 };
		t->log_ns++;
		find_current(t, (uint64_t)((t->current - s) / 2) << t->log_ns);
	}
}

void da_timeline_turn(struct da_timeline *t, uint64_t time_ns)
{
	uint64_t carried;

	make_room(t, time_ns);
	if (time_ns < t->current_end_ns)
		return;
	carried = t->current->heap_last;
	find_current(t, time_ns);
	/* what was there when the stretch began counts for its maximum */
	t->current->has_heap = true;
	t->current->heap_max = t->current->heap_last = carried;
	t->current->heap_max_time_ns = time_ns;
}

void da_timeline_put_rss(struct da_timeline *t, uint64_t time_ns, uint64_t bytes)
{
	struct da_timeline_stretch *s;

	make_room(t, time_ns);
	s = &t->stretches[time_ns >> t->log_ns];
	if (s->has_rss && bytes <= s->rss_max)
		return;
	s->has_rss = true;
	s->rss_max = bytes;
	s->rss_time_ns = time_ns;
}

size_t da_timeline_get(const struct da_timeline *t, uint64_t end_ns, struct da_model_point *points)
{
	uint64_t heap = 0, rss = 0, last_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < DA_TIMELINE_STRETCHES; i++) {
		const struct da_timeline_stretch *s = &t->stretches[i];

		if (!s->has_heap && !s->has_rss)
			continue;
		rss = s->has_rss ? s->rss_max : rss;
		last_ns = s->has_heap ? s->heap_max_time_ns : s->rss_time_ns;
		points[n++] = (struct da_model_point){
			.time_ns = last_ns,
			.heap_bytes = s->has_heap ? s->heap_max : heap,
			.rss_bytes = rss,
		};
		heap = s->has_heap ? s->heap_last : heap;
	}
	if (end_ns > last_ns)
		points[n++] = (struct da_model_point){ end_ns, heap, rss };
	return n;
}
