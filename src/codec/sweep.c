/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/sweep.h"

#define STATE_MASK ((1u << DA_CHUNK_STATE_BITS) - 1)

static struct da_chunk *chunk_at(const struct da_sweep *s, uint32_t i)
{
	return (struct da_chunk *)((uint8_t *)s->pool + s->chunks_offset +
				   (size_t)i * s->chunk_bytes);
}

void da_sweep_init(struct da_sweep *s, struct da_pool *pool, struct da_sweep_slot *slots,
		   uint16_t *sorted)
{
	*s = (struct da_sweep){
		.pool = pool,
		.n_chunks = pool->n_chunks,
		.chunk_bytes = pool->chunk_bytes,
		.chunks_offset = pool->chunks_offset,
		.order = { pool->order.has_ticks, pool->order.shift },
		.slots = slots,
		.sorted = sorted,
	};
}

static uint32_t committed_of(const struct da_sweep *s, const struct da_chunk *c)
{
	uint32_t n = __atomic_load_n(&c->committed, __ATOMIC_ACQUIRE);
	uint32_t most = s->chunk_bytes - (uint32_t)sizeof *c;

	return n < most ? n : most;
}

static bool goes_before(const struct da_sweep_slot *a, const struct da_sweep_slot *b)
{
	return a->serial != b->serial ? a->serial < b->serial : a->number < b->number;
}

/* Shell sort: no recursion, no memory, and the list is short or nearly sorted. */
static void sort_slots(struct da_sweep *s, uint32_t n)
{
	for (uint32_t gap = n / 2; gap; gap /= 2) {
		for (uint32_t i = gap; i < n; i++) {
			uint16_t x = s->sorted[i];
			uint32_t j = i;

			for (; j >= gap && goes_before(&s->slots[x], &s->slots[s->sorted[j - gap]]);
			     j -= gap)
				s->sorted[j] = s->sorted[j - gap];
			s->sorted[j] = x;
		}
	}
}

static uint64_t born_of(const struct da_chunk *c)
{
	return (uint64_t)c->born_hi << 32 | c->born_lo;
}

/* Copy the states of all chunks in use; @return how many there are. The watermark is lowered to
 * below any event that is being written. */
static uint32_t snapshot(struct da_sweep *s, uint64_t *watermark)
{
	const uint64_t began = *watermark;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_chunks; i++) {
		const struct da_chunk *c = chunk_at(s, i);
		struct da_sweep_slot *slot = &s->slots[i];
		uint64_t order;

		slot->state = __atomic_load_n(&c->state, __ATOMIC_SEQ_CST);
		if ((slot->state & STATE_MASK) == DA_CHUNK_FREE)
			continue;
		if ((slot->state & STATE_MASK) == DA_CHUNK_BUSY) {
			order = da_chunk_order(c);
			*watermark = order < *watermark ? order : *watermark;
		}
		slot->serial = slot->state >> DA_CHUNK_STATE_BITS;
		/*
		 * The header is the owner's once something is committed; before, it may be half
		 * old. A chunk taken after this sweep began may follow one that this loop saw free.
		 */
		slot->is_late = !committed_of(s, c) || born_of(c) > began;
		slot->number = slot->is_late ? UINT32_MAX : c->number;
		s->sorted[n++] = (uint16_t)i;
	}
	sort_slots(s, n);
	return n;
}

static void set_free(struct da_sweep *s, struct da_chunk *c, struct da_sweep_slot *slot)
{
	uint32_t process = c->process;

	s->seen += c->seen;
	s->recorded += c->recorded;
	if (s->tallies && process < DA_POOL_MAX_PROCESSES) {
		s->tallies[process].seen += c->seen;
		s->tallies[process].recorded += c->recorded;
	}
	slot->drained = 0;
	slot->drained_serial = 0;
	slot->idle = 0;
	__atomic_store_n(&c->committed, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&c->state, DA_CHUNK_FREE, __ATOMIC_RELEASE);
}

/* Take what is new in a chunk. @return false when the callback wants no more. */
static bool take_news(struct da_sweep *s, const struct da_chunk *c, struct da_sweep_slot *slot,
		      da_sweep_fn take, void *ctx, struct da_sweep_result *r)
{
	uint32_t committed = committed_of(s, c);
	struct da_sweep_piece piece = { .serial = slot->serial,
					.process = c->process,
					.tid = c->tid };

	if (slot->drained_serial != slot->serial || slot->drained_number != slot->number) {
		slot->drained_serial = slot->serial;
		slot->drained_number = slot->number;
		slot->drained = 0;
	}
	slot->idle++;
	if (committed <= slot->drained)
		return true;
	slot->idle = 0;
	if (!piece.serial || piece.process >= DA_POOL_MAX_PROCESSES) {
		s->bad_chunks++;
		slot->drained = committed;
		return true;
	}
	piece.bytes = (const uint8_t *)(c + 1) + slot->drained;
	piece.len = committed - slot->drained;
	if (!take(ctx, &piece))
		return false;
	slot->drained = committed;
	r->pieces++;
	r->bytes += piece.len;
	return true;
}

/* Take the chunk from an owner that says nothing. */
static void reclaim(struct da_sweep *s, struct da_chunk *c, struct da_sweep_slot *slot)
{
	uint32_t owned = slot->state;
	uint32_t mine = (owned & ~STATE_MASK) | DA_CHUNK_RECLAIM;

	if (!__atomic_compare_exchange_n(&c->state, &owned, mine, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	if (slot->is_late && committed_of(s, c))
		/* it says something after all: its place in the order is known in the next sweep */
		__atomic_store_n(&c->state, slot->state, __ATOMIC_RELEASE);
	else
		slot->state = mine;
}

static bool drain_one(struct da_sweep *s, uint32_t i, uint32_t reclaim_idle, da_sweep_fn take,
		      void *ctx, struct da_sweep_result *r)
{
	struct da_chunk *c = chunk_at(s, i);
	struct da_sweep_slot *slot = &s->slots[i];
	uint32_t state;

	if ((slot->state & STATE_MASK) == DA_CHUNK_OWNED && slot->idle >= reclaim_idle)
		reclaim(s, c, slot);
	if (slot->is_late)
		slot->idle++;
	else if (!take_news(s, c, slot, take, ctx, r))
		return false;
	state = slot->state & STATE_MASK;
	if (state == DA_CHUNK_OWNED || state == DA_CHUNK_BUSY ||
	    (state == DA_CHUNK_FULL && slot->is_late))
		return true;
	if (state > DA_CHUNK_RECLAIM)
		s->bad_chunks++;
	set_free(s, c, slot);
	r->free_chunks++;
	return true;
}

void da_sweep_run(struct da_sweep *s, uint32_t reclaim_idle, da_sweep_fn take, void *ctx,
		  struct da_sweep_result *result_out)
{
	uint64_t watermark = da_order_now(&s->pool->order, &s->order);
	uint32_t n = snapshot(s, &watermark);
	struct da_sweep_result r = { .watermark = watermark };

	for (uint32_t i = 0; i < n && !r.stopped; i++)
		r.stopped = !drain_one(s, s->sorted[i], reclaim_idle, take, ctx, &r);
	if (r.free_chunks)
		__atomic_add_fetch(&s->pool->free_signal, 1, __ATOMIC_RELEASE);
	r.free_chunks += s->n_chunks - n;
	if (r.stopped)
		r.watermark = 0;
	*result_out = r;
}

/* Add the chunks in use of @process, or of all when it is DA_POOL_MAX_PROCESSES. */
static void count_in_use(const struct da_sweep *s, uint32_t process, uint64_t *seen,
			 uint64_t *recorded)
{
	for (uint32_t i = 0; i < s->n_chunks; i++) {
		const struct da_chunk *c = chunk_at(s, i);

		if (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == DA_CHUNK_FREE ||
		    (process < DA_POOL_MAX_PROCESSES && c->process != process))
			continue;
		*seen += c->seen;
		*recorded += c->recorded;
	}
}

void da_sweep_count(const struct da_sweep *s, uint64_t *seen_out, uint64_t *recorded_out)
{
	*seen_out = s->seen;
	*recorded_out = s->recorded;
	count_in_use(s, DA_POOL_MAX_PROCESSES, seen_out, recorded_out);
}

void da_sweep_count_process(const struct da_sweep *s, uint32_t process, uint64_t *seen_out,
			    uint64_t *recorded_out)
{
	*seen_out = s->tallies[process].seen;
	*recorded_out = s->tallies[process].recorded;
	count_in_use(s, process, seen_out, recorded_out);
}
