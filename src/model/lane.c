/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/lane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"

#define SPARE_MAX (sizeof(((struct da_lane_pool *)0)->spare) / sizeof(struct da_lane_work *))
/* The scalars of a decoder come first; a packed one is these, then last_depth frames, then the
 * addresses named, then exact. */
#define SCALARS offsetof(struct da_decoder, frames)

static void drop_fragment(struct da_lane_work *w, struct da_lane_pool *pool)
{
	struct da_lane_fragment *f = w->first;

	w->first = f->next;
	if (!w->first)
		w->last = NULL;
	pool->pending_bytes -= f->len;
	free(f);
	w->cursor = (struct da_cursor){ 0 };
	if (w->first)
		w->cursor = (struct da_cursor){ .bytes = w->first->bytes, .len = w->first->len };
}

static void free_work(struct da_lane_work *w)
{
	free(w->path);
	free(w);
}

void da_lane_pool_deinit(struct da_lane_pool *pool)
{
	while (pool->n_spare)
		free_work(pool->spare[--pool->n_spare]);
}

void da_lane_deinit(struct da_lane *lane, struct da_lane_pool *pool)
{
	if (lane->work) {
		while (lane->work->first)
			drop_fragment(lane->work, pool);
		free_work(lane->work);
		pool->n_works--;
	}
	free(lane->packed);
	free(lane->sites);
}

/* Of d->named.ring. */
static size_t named_bytes(const struct da_decoder *d)
{
	uint32_t n = d->named.n < DA_EVENT_NAMED ? d->named.n : DA_EVENT_NAMED;

	return n * sizeof(d->named.ring[0]);
}

static void unpack(struct da_lane *lane, struct da_lane_pool *pool)
{
	struct da_lane_work *w =
		pool->n_spare ? pool->spare[--pool->n_spare] : da_xcalloc(1, sizeof(*w));
	struct da_decoder *d = &w->decoder;

	w->path_len = 0;
	memset(d, 0, SCALARS); /* arrays are written before they are read */
	d->named.n = 0;
	if (lane->packed) {
		const uint8_t *p = lane->packed;

		memcpy(d, p, SCALARS);
		p += SCALARS;
		memcpy(d->frames, p, d->last_depth * sizeof(d->frames[0]));
		p += d->last_depth * sizeof(d->frames[0]);
		memcpy(&d->named.n, p, sizeof(d->named.n));
		p += sizeof(d->named.n);
		memcpy(d->named.ring, p, named_bytes(d));
		memcpy(d->exact, p + named_bytes(d), d->last_depth);
	}
	free(lane->packed);
	lane->packed = NULL;
	lane->work = w;
	pool->n_works++;
}

void da_lane_pack(struct da_lane *lane, struct da_lane_pool *pool)
{
	struct da_lane_work *w = lane->work;
	const struct da_decoder *d = &w->decoder;
	size_t frames_bytes = d->last_depth * sizeof(d->frames[0]);
	size_t named = named_bytes(d);
	uint8_t *p =
		da_xmalloc(SCALARS + frames_bytes + sizeof(d->named.n) + named + d->last_depth);

	assert(!lane->has_event && !lane->unresolved && !da_lane_has_bytes(lane));
	lane->packed = p;
	memcpy(p, d, SCALARS);
	p += SCALARS;
	memcpy(p, d->frames, frames_bytes);
	p += frames_bytes;
	memcpy(p, &d->named.n, sizeof(d->named.n));
	p += sizeof(d->named.n);
	memcpy(p, d->named.ring, named);
	memcpy(p + named, d->exact, d->last_depth);
	lane->work = NULL;
	pool->n_works--;
	if (w->first)
		drop_fragment(w, pool);
	if (pool->n_spare < SPARE_MAX)
		pool->spare[pool->n_spare++] = w;
	else
		free_work(w);
}

void da_lane_feed(struct da_lane *lane, struct da_lane_pool *pool, const uint8_t *bytes, size_t len,
		  uint64_t at)
{
	struct da_lane_fragment *f = da_xmalloc(sizeof(*f) + len);
	struct da_lane_work *w;

	if (!lane->work)
		unpack(lane, pool);
	w = lane->work;
	f->next = NULL;
	f->at = at;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	pool->pending_bytes += len;
	if (w->last) {
		w->last->next = f;
	} else {
		w->first = f;
		w->cursor = (struct da_cursor){ .bytes = f->bytes, .len = f->len };
	}
	w->last = f;
}

bool da_lane_is_stack_next(const struct da_lane *lane)
{
	const struct da_lane_work *w = lane->work;
	const uint8_t *p = w->cursor.bytes + w->cursor.pos;

	if (w->cursor.pos == w->cursor.len)
		p = w->first->next->bytes;
	return *p == (DA_EXT_STACK << 3 | DA_KIND_EXT);
}

const char *da_lane_decode(struct da_lane *lane, struct da_lane_pool *pool)
{
	struct da_lane_work *w = lane->work;

	if (w->cursor.pos == w->cursor.len)
		drop_fragment(w, pool);
	return da_decode(&w->decoder, &w->cursor, &w->event) == DA_DECODE_EVENT ? NULL :
										  w->cursor.why;
}
