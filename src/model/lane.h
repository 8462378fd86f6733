/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * One thread of a recording on its way into the replay: the fragments not yet decoded, the decoder,
 * and one event decoded ahead, whose order key decides when the thread's turn is.
 *
 * A decoder is large (14 KB) and threads may be many and short, so all that only a thread with
 * something to say needs is in da_lane_work, which is packed away when the bytes are used up.
 */
#ifndef DA_MODEL_LANE_H
#define DA_MODEL_LANE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "codec/decode.h"

/** Bytes of a thread that wait. */
struct da_lane_fragment {
	struct da_lane_fragment *next;
	uint64_t at; /**< the feeder's number, e.g. the byte offset of the block it came in */
	size_t len;
	uint8_t bytes[];
};

/** The large part of a lane. */
struct da_lane_work {
	struct da_event event; /**< decoded ahead; may point into @first and @decoder */
	struct da_lane_fragment *first, *last;
	struct da_cursor cursor; /**< in @first; all zero when there is none */
	/** Nodes (model/stacks.h) of the stack defined last, outermost first, valid while
	 * @path_generation is the replay's; @path_root is their root. */
	uint32_t *path;
	size_t path_len, path_cap;
	uint64_t path_generation;
	uint32_t path_root;
	struct da_decoder decoder;
};

struct da_lane {
	uint64_t id; /**< thread in the recording */
	struct da_lane_work *work; /**< NULL: packed away, or nothing ever came */
	void *packed; /**< the decoder's state, while there is no @work */
	uint32_t *sites; /**< by stack id, as far as they are resolved; [0] is 0 */
	size_t n_sites, sites_cap;
	uint64_t tid;
	uint32_t name; /**< of the replay's names */
	uint32_t thread; /**< of the heap */
	bool ended, wanted;
	bool has_event; /**< work->event waits for its turn */
	bool second_half; /**< it is a REALLOC whose old block has been given back already */
	bool unresolved; /**< the stack defined last has no site yet */
	uint8_t stack_end; /**< why its walk ended */
	uint32_t stack_keep; /**< frames it shares with the one before */
};

/** What all lanes have in common. Zero-filled is empty. */
struct da_lane_pool {
	struct da_lane_work *spare[16]; /**< not in use, kept */
	size_t n_spare;
	size_t n_works; /**< in lanes */
	size_t pending_bytes; /**< of fragments in lanes */
};

/** Free the pool's spare works. */
void da_lane_pool_deinit(struct da_lane_pool *pool);

/** Free what @lane holds. */
void da_lane_deinit(struct da_lane *lane, struct da_lane_pool *pool);

/** Add a fragment, which is copied. @at: see da_lane_fragment. */
void da_lane_feed(struct da_lane *lane, struct da_lane_pool *pool, const uint8_t *bytes, size_t len,
		  uint64_t at);

/** Whether there is a byte to decode. */
static inline bool da_lane_has_bytes(const struct da_lane *lane)
{
	const struct da_lane_work *w = lane->work;

	return w && (w->cursor.pos < w->cursor.len || (w->first && w->first->next));
}

/** Whether the event that da_lane_decode() would give defines a stack. */
bool da_lane_is_stack_next(const struct da_lane *lane);

/**
 * Decode the next event into work->event, which ends what the last one pointed to. Needs
 * da_lane_has_bytes().
 * @return NULL, or why it is bad; then work->first->at says where it came from.
 */
const char *da_lane_decode(struct da_lane *lane, struct da_lane_pool *pool);

/** Put the work of a lane without bytes, event and unresolved stack away, keeping what later
 * fragments need. */
void da_lane_pack(struct da_lane *lane, struct da_lane_pool *pool);

/** The order key of the event that waits. */
static inline uint64_t da_lane_key(const struct da_lane *lane)
{
	return lane->second_half ? lane->work->event.order_acquired : lane->work->event.order;
}

#endif
