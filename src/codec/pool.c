/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/pool.h"

#include "codec/encode.h"

/* A chunk is to hold many events yet be a small share of the pool. */
#define CHUNK_BYTES (16u << 10)
#define CHUNKS_WANTED 32u
#define HEAD_ALIGN 4096u

static uint32_t state_of(uint32_t serial, enum da_chunk_state state)
{
	return serial << DA_CHUNK_STATE_BITS | state;
}

void da_pool_init(struct da_pool *pool, size_t bytes)
{
	uint32_t offset = (sizeof *pool + HEAD_ALIGN - 1) & ~(HEAD_ALIGN - 1);
	uint32_t chunk = CHUNK_BYTES;
	size_t n;

	if (bytes / chunk < CHUNKS_WANTED)
		chunk = DA_CHUNK_MIN_BYTES;
	while (bytes / chunk > DA_POOL_MAX_CHUNKS)
		chunk *= 2;
	n = (bytes - offset) / chunk;
	pool->magic = DA_POOL_MAGIC;
	pool->version = DA_POOL_VERSION;
	pool->word_bits = sizeof(void *) * 8;
	pool->pool_bytes = (uint32_t)bytes;
	pool->chunk_bytes = chunk;
	pool->n_chunks = (uint32_t)n;
	pool->chunks_offset = offset;
	pool->max_size = UINT64_MAX;
}

void da_pool_bound_depth(struct da_pool *pool)
{
	uint32_t most = (pool->chunk_bytes - (uint32_t)sizeof(struct da_chunk) -
			 DA_ENCODE_STACK_MAX(0) - 2 * DA_ENCODE_EVENT_MAX) /
			10;

	if (pool->depth > most)
		pool->depth = most;
	if (!pool->depth)
		pool->depth = 1;
}

bool da_pool_is_valid(const struct da_pool *pool, size_t bytes)
{
	uint64_t end = pool->chunks_offset + (uint64_t)pool->n_chunks * pool->chunk_bytes;

	return bytes >= sizeof *pool && pool->magic == DA_POOL_MAGIC &&
	       pool->version == DA_POOL_VERSION && pool->word_bits == sizeof(void *) * 8 &&
	       pool->pool_bytes <= bytes && end <= pool->pool_bytes &&
	       pool->chunks_offset >= sizeof *pool && pool->chunks_offset % 64 == 0 &&
	       pool->chunk_bytes >= DA_CHUNK_MIN_BYTES && pool->chunk_bytes % 64 == 0 &&
	       pool->n_chunks > 0 && pool->n_chunks <= DA_POOL_MAX_CHUNKS;
}

struct da_chunk *da_pool_acquire(struct da_pool *pool, uint32_t serial, uint32_t process,
				 uint32_t number)
{
	uint32_t n = pool->n_chunks;
	uint32_t at = __atomic_load_n(&pool->chunk_hint, __ATOMIC_RELAXED) % n;

	for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
		struct da_chunk *c = da_pool_chunk(pool, at);
		uint32_t expected = state_of(0, DA_CHUNK_FREE);
		uint64_t born;

		if (__atomic_load_n(&c->state, __ATOMIC_RELAXED) != expected)
			continue;
		/*
		 * BUSY until the header is this thread's; committed has been 0 since it was freed
		 */
		if (!__atomic_compare_exchange_n(&c->state, &expected,
						 state_of(serial, DA_CHUNK_BUSY), false,
						 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		c->serial = serial;
		c->number = number;
		c->process = process;
		c->seen = c->recorded = 0;
		born = da_order_next(&pool->order, 0);
		c->born_lo = (uint32_t)born;
		c->born_hi = (uint32_t)(born >> 32);
		/* the first event may fall into the same granule */
		da_chunk_set_order(c, born - 1);
		__atomic_store_n(&c->state, state_of(serial, DA_CHUNK_OWNED), __ATOMIC_RELEASE);
		__atomic_store_n(&pool->chunk_hint, at + 1, __ATOMIC_RELAXED);
		return c;
	}
	return NULL;
}
