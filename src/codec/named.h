/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The addresses that a thread's events named lately: most are named again soon, by the free of a
 * young block or by an alloc of one just freed, and are then told by how long ago that was.
 * Encoder and decoder keep the same list. Of the raw bytes it saves a fifth, of the compressed ones
 * of compilers about half.
 */
#ifndef DA_CODEC_NAMED_H
#define DA_CODEC_NAMED_H

#include "base/types.h"
#include "codec/format.h"

/** A ring; zero-filled is empty. */
struct da_named {
	uint32_t n; /**< addresses named so far; behind 2^32 - 1 comes DA_EVENT_NAMED */
	da_addr ring[DA_EVENT_NAMED];
};

/** Remember @addr, unless it is the one named @last. */
static inline void da_named_put(struct da_named *s, da_addr addr, da_addr last)
{
	if (addr == last)
		return;
	s->ring[s->n++ % DA_EVENT_NAMED] = addr;
	if (__builtin_expect(!s->n, 0)) /* the ring is still full */
		s->n = DA_EVENT_NAMED;
}

/** Whether an address was named @distance ago; 1: the last one. */
static inline bool da_named_has(const struct da_named *s, uint64_t distance)
{
	return distance - 1 < DA_EVENT_NAMED && distance <= s->n;
}

/** That address. */
static inline da_addr da_named_get(const struct da_named *s, uint64_t distance)
{
	return s->ring[(s->n - (uint32_t)distance) % DA_EVENT_NAMED];
}

/** Addresses and index of a thread that does much. */
struct da_named_large {
	uint16_t at[2 * DA_EVENT_NAMED];
	da_addr ring[DA_EVENT_NAMED];
};

/** Addresses that a thread remembers while it does little. */
#define DA_NAMED_FIRST 32u

/**
 * The encoder's ring, with an index: by hash, da_named.n of the time when an address was named,
 * modulo 2^16. It need not reach back as far as the decoder's.
 */
struct da_named_index {
	uint32_t n; /**< as in da_named */
	uint32_t base; /**< n when the ring in use began */
	uint32_t mask; /**< places of the ring - 1 */
	uint32_t shift; /**< 32 - log2 of the places of the index */
	da_addr *ring;
	uint16_t *at;
	struct da_named_large *large; /**< the caller's, untouched till needed; NULL: do without */
	uint16_t first_at[2 * DA_NAMED_FIRST];
	da_addr first_ring[DA_NAMED_FIRST];
};

/** An empty one. */
void da_named_init(struct da_named_index *s, struct da_named_large *large);

/** Forget all; the memory stays in use. */
void da_named_clear(struct da_named_index *s);

/** Go over to the large ring, which is empty. */
void da_named_grow(struct da_named_index *s);

/**
 * da_named_put() with the index.
 * @return how long ago @addr had been named; 0: too long, or not known. What ring and index hold
 * from before @base, of another thread's life even, is not believed. 3 ns.
 */
static inline uint32_t da_named_enter(struct da_named_index *s, da_addr addr, da_addr last)
{
	uint16_t *at = &s->at[(uint32_t)(addr >> DA_ADDR_UNIT_LOG) * 0x9e3779b1u >> s->shift];
	uint32_t n = s->n, mask = s->mask, distance = (uint16_t)(n - *at);
	da_addr *ring = s->ring;

	if (distance - 1 > mask || distance > n - s->base || ring[(n - distance) & mask] != addr)
		distance = 0;
	if (addr == last)
		return distance;
	*at = (uint16_t)n;
	ring[n & mask] = addr;
	s->n = n + 1;
	if (__builtin_expect(n + 1 == 2 * DA_NAMED_FIRST, 0))
		da_named_grow(s);
	return distance;
}

#endif
