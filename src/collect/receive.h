/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * The receiving end of a stream: header and blocks checked one by one as they come in, and handed
 * on as they are, never a part of one. Bytes are hostile: lengths are bounded before use, and a
 * peer must keep moving within the header and within a block; between blocks it may stay silent.
 */
#ifndef DA_COLLECT_RECEIVE_H
#define DA_COLLECT_RECEIVE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <signal.h>

#include "base/err.h"
#include "base/types.h"
#include "codec/header.h"

/** Why a stream ended. */
enum da_receive_end {
	DA_RECEIVE_COMPLETE, /**< the last block was marked as the last */
	DA_RECEIVE_CUT, /**< the peer went away between or within blocks */
	DA_RECEIVE_STOPPED, /**< *stop was set */
	DA_RECEIVE_DAMAGED, /**< a block was wrong */
	DA_RECEIVE_NOT_RECORDING, /**< what came is no recording; nothing was handed on */
	DA_RECEIVE_REFUSED, /**< a callback said false, for its own reason */
};

/** Takes one unit (the header, a block), all of it. @return false to end the stream. */
typedef bool (*da_receive_fn)(void *ctx, const uint8_t *bytes, size_t n);

/** A stream being received. */
struct da_receive {
	int fd; /**< a connected socket, blocking or not */
	const volatile sig_atomic_t *stop; /**< set by a signal handler; the signal must be blocked
					    except in the wait (@wait_mask) */
	const sigset_t *wait_mask; /**< for ppoll() */
	/** Called with the parsed header before any unit; its texts live as long as this struct. */
	bool (*begin)(void *ctx, const struct da_header *h);
	da_receive_fn unit;
	void *ctx;
	uint64_t bytes; /**< handed on so far */
	uint64_t blocks; /**< of these, blocks */
	bool end_seen; /**< the last block was marked as the last */
	uint8_t *buffer; /**< the unit being received */
	struct da_header header;
	uint8_t *header_bytes;
};

/**
 * Receive until the end.
 * @why: for CUT, DAMAGED and NOT_RECORDING, what happened ("block 3 at byte 1000: wrong checksum").
 */
enum da_receive_end da_receive_run(struct da_receive *r, struct da_err *why);

#endif
