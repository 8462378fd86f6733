/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * From a recording's fragments to a model.
 *
 * Each thread's events are decoded in their own order and merged by order key. An event has its
 * turn when no smaller key can come any more: the recorder's watermark has passed it, or its key
 * follows the last one directly (keys of order.h's phase SINGLE are dense unless events were lost,
 * so a single-threaded recording hardly ever waits). Waiting fragments are kept as bytes. Should
 * they exceed DA_REPLAY_PENDING_MAX, the smallest keys go first without their turn; events that
 * then come too late are put right by address.
 *
 * A damaged fragment ends the feeding; all that came before it counts.
 */
#ifndef DA_MODEL_REPLAY_H
#define DA_MODEL_REPLAY_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "model/model.h"

/** Bytes of waiting fragments and their decoders. */
#define DA_REPLAY_PENDING_MAX ((size_t)192 << 20)
/** Most threads of a recording: what further ones say is damage. */
#define DA_REPLAY_THREADS_MAX (1u << 20)

struct da_replay;

/** A fragment of a recording (codec/block.h). */
struct da_replay_piece {
	uint64_t thread; /**< 0: the meta stream */
	const uint8_t *bytes;
	size_t len;
	/** Where it came from, for da_replay_damage(): e.g. the byte offset of its block. */
	uint64_t at;
};

/** Why a replay stopped early. */
struct da_replay_damage {
	uint64_t thread;
	uint64_t at; /**< da_replay_piece.at of the bad fragment */
	const char *why; /**< constant text; NULL: no damage */
};

/** Begin. @options may be NULL (all of a 64-bit recording); copied, but for its texts. */
struct da_replay *da_replay_create(const struct da_model_options *options);

/** Free the replay and its model. NULL is fine. */
void da_replay_destroy(struct da_replay *r);

/**
 * Take the next fragment, in stream order. The bytes are copied if need be.
 * @return false when the recording is damaged, in this fragment or one before; say so with
 * da_replay_damage() and feed no more.
 */
bool da_replay_feed(struct da_replay *r, const struct da_replay_piece *piece, struct da_err *err);

/**
 * The model as of now: what has had its turn. For views of a running recording.
 * @return the replay's; valid until the next call of any function here. Costs a walk over all
 * sites.
 */
const struct da_model *da_replay_snapshot(struct da_replay *r);

/** Give all waiting events their turn, and return the final model; it lives as long as @r. */
const struct da_model *da_replay_finish(struct da_replay *r);

/** What is damaged. */
const struct da_replay_damage *da_replay_damage(const struct da_replay *r);

#endif
