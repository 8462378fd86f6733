/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The chunk pool: memory shared by the traced process (which writes events into chunks) and the
 * recorder (which drains them). The layout is a protocol between two builds of one version: both
 * sides check magic, version and word size. Every field but the configuration may be scribbled
 * over by a hostile target, so the recorder copies before it checks.
 *
 *   pool := struct da_pool, padding to chunks_offset, n_chunks × (struct da_chunk, payload)
 *
 * A chunk's life, in its state word (serial of the owning thread << 3 | enum da_chunk_state):
 *
 *   FREE --thread, CAS--> OWNED <--thread, CAS / store--> BUSY     one event each round
 *   BUSY --thread, store--> FULL --recorder, store--> FREE         no room for the next event
 *   OWNED --recorder, CAS--> RECLAIM --recorder, store--> FREE     idle owner
 *
 * Thus a thread holds a chunk only while it has something to say, a thread may die at any point
 * with all committed events readable, and the recorder never waits for a thread.
 */
#ifndef DA_CODEC_POOL_H
#define DA_CODEC_POOL_H

#include "base/types.h"
#include "codec/format.h"
#include "codec/order.h"

#define DA_POOL_MAGIC 0x4c4f4f50u /* "POOL" */
#define DA_POOL_VERSION 1u
/** Limits and defaults of the pool's shape, in bytes and chunks. */
#define DA_POOL_MIN_BYTES (256u << 10)
#define DA_POOL_MAX_BYTES (1u << 30)
#define DA_POOL_DEFAULT_BYTES (2u << 20)
#define DA_POOL_MAX_CHUNKS 4096u
#define DA_CHUNK_MIN_BYTES (8u << 10)
/**
 * Most threads per pool: serials share the state word with the state. Later ones are not recorded.
 */
#define DA_POOL_MAX_SERIAL ((1u << 24) - 1)

enum da_chunk_state {
	DA_CHUNK_FREE = 0,
	DA_CHUNK_OWNED = 1,
	DA_CHUNK_BUSY = 2,
	DA_CHUNK_FULL = 3,
	DA_CHUNK_RECLAIM = 4, /**< the recorder is taking it from an idle owner */
};

#define DA_CHUNK_STATE_BITS 3

/** What a chunk's header says; the payload follows it. 64 bytes, aligned to a cache line. */
struct da_chunk {
	uint32_t state; /**< atomic; see above */
	uint32_t committed; /**< atomic, bytes of payload that hold whole events; 0 while FREE */
	uint32_t serial; /**< thread, from 1; written before the first commit */
	uint32_t number; /**< 0, 1, 2 … among this thread's chunks */
	uint32_t process; /**< which process of the session, from 0 */
	uint32_t seen; /**< events begun in this chunk */
	uint32_t recorded; /**< events committed in this chunk; seen - recorded are lost */
	uint32_t order_lo; /**< atomic halves of the order key of the last event committed here */
	uint32_t order_hi; /**< (before the first: a key below it); da_chunk_order() */
	uint32_t tid; /**< kernel thread id of the owner, for names and liveness */
	/** order key taken when the chunk was acquired: tells a sweep whether */
	uint32_t born_lo;
	/** the chunk, and so the thread's chunk before it, is older than it */
	uint32_t born_hi;
	uint32_t reserved[4];
};
_Static_assert(sizeof(struct da_chunk) == 64, "chunk header is one cache line");

/** What happens when no chunk is free. */
enum da_on_full {
	DA_ON_FULL_WAIT = 0,
	DA_ON_FULL_DROP = 1,
};

/** Note that @order is the key of the chunk's last event. The low half goes first: a reader that
 * meets the change between the halves sees a smaller key, which is safe. */
static inline void da_chunk_set_order(struct da_chunk *c, uint64_t order)
{
	__atomic_store_n(&c->order_lo, (uint32_t)order, __ATOMIC_RELAXED);
	__atomic_store_n(&c->order_hi, (uint32_t)(order >> 32), __ATOMIC_RELEASE);
}

/** Key of the chunk's last event, or a smaller one. */
static inline uint64_t da_chunk_order(const struct da_chunk *c)
{
	uint64_t hi = __atomic_load_n(&c->order_hi, __ATOMIC_ACQUIRE);

	return hi << 32 | __atomic_load_n(&c->order_lo, __ATOMIC_RELAXED);
}

/** Processes of one session that are told apart: the first and those forked from it. */
#define DA_POOL_MAX_PROCESSES 1024u

/** The head of the pool. Each group of fields stands on cache lines of its own. */
struct da_pool {
	/* written by the recorder before the target starts */
	uint32_t magic, version;
	/** of the recorder; the shim refuses another (its own says `attached`) */
	uint32_t word_bits;
	uint32_t pool_bytes, chunk_bytes, n_chunks, chunks_offset;
	uint32_t unwind; /**< enum da_unwind_mode */
	uint32_t depth; /**< frames per stack, 1 … DA_STREAM_MAX_FRAMES */
	uint32_t stacks_alloc_only;
	uint32_t on_full; /**< enum da_on_full */
	uint32_t follow; /**< 1: children of fork are recorded too */
	uint64_t min_size, max_size; /**< bytes asked for; others are not recorded */
	uint32_t recorder_pid;
	uint32_t sample; /**< bytes per stack on average (preload/sample.h); 0: each has one */
	uint32_t pad0[15];

	/* written by the recorder while the target runs */
	uint32_t clock_ms; /**< atomic: milliseconds since the start */
	uint32_t stop; /**< atomic: 1: record nothing more */
	uint32_t free_signal; /**< atomic futex: grows when chunks have become free */
	uint32_t pad1[13];

	/* written by the target */
	uint32_t attached; /**< atomic: enum da_attach */
	uint32_t attached_pid;
	uint32_t wake; /**< atomic futex: grows when the recorder should look soon */
	uint32_t wanting; /**< atomic: threads waiting for a free chunk */
	uint32_t serials; /**< atomic: thread serials given out */
	uint32_t processes; /**< atomic: process numbers given out, the first is 0 */
	uint32_t forks; /**< atomic: children that stopped recording */
	uint32_t chunk_hint; /**< atomic: where to look for a free chunk */
	uint32_t lost[8]; /**< atomic, by enum da_lost */
	/** pid and parent's process number by process number; set before its first chunk. */
	uint32_t process_pid[DA_POOL_MAX_PROCESSES];
	uint32_t process_parent[DA_POOL_MAX_PROCESSES];

	struct da_order order __attribute__((aligned(64)));
};

/** What the shim says of its start. */
enum da_attach {
	DA_ATTACH_NONE = 0, /**< not (yet) loaded */
	DA_ATTACH_OK = 1,
	DA_ATTACH_NO_ALLOCATOR = 2, /**< the real malloc was not found */
	DA_ATTACH_MISMATCH = 3, /**< pool of another version or word size */
	DA_ATTACH_NO_MEMORY = 4,
};

/**
 * Lay out a zero-filled pool of @bytes (DA_POOL_MIN_BYTES … DA_POOL_MAX_BYTES) at @pool: chunks of
 * 16 KiB, smaller (down to DA_CHUNK_MIN_BYTES) in a small pool so that there are at least 16.
 * Sets magic, version, word_bits and the shape; the caller sets the rest of the configuration.
 */
void da_pool_init(struct da_pool *pool, size_t bytes);

/** Make pool->depth one that it can hold: a stack must fit a chunk, and have one frame at least. */
void da_pool_bound_depth(struct da_pool *pool);

/**
 * Whether a mapping of @bytes at @pool is a pool this build understands: magic, version, word size,
 * and a shape that lies within @bytes.
 */
bool da_pool_is_valid(const struct da_pool *pool, size_t bytes);

/** Chunk number @i of a valid pool, i < n_chunks. */
static inline struct da_chunk *da_pool_chunk(struct da_pool *pool, uint32_t i)
{
	return (struct da_chunk *)((uint8_t *)pool + pool->chunks_offset +
				   (size_t)i * pool->chunk_bytes);
}

/** Payload of @chunk: chunk_bytes - sizeof(struct da_chunk) bytes. */
static inline uint8_t *da_chunk_payload(struct da_chunk *chunk)
{
	return (uint8_t *)(chunk + 1);
}

/**
 * Take a free chunk for thread @serial of @process: OWNED, committed = 0, and serial, number,
 * process set. Uses up one order key.
 * @return NULL when none is free.
 */
struct da_chunk *da_pool_acquire(struct da_pool *pool, uint32_t serial, uint32_t process,
				 uint32_t number);

#endif
