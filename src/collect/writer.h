/* SPDX-License-Identifier: GPL-3.0-or-later */
/** One recording being written: events in, blocks out, to a file, over the network, or both. */
#ifndef DA_COLLECT_WRITER_H
#define DA_COLLECT_WRITER_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"
#include "codec/format.h"
#include "codec/header.h"
#include "collect/compress.h"
#include "collect/store.h"

/** Raw bytes at which a block is written: what may be stored, should it not shrink. */
#define DA_WRITER_BLOCK_RAW (256u << 10)
/** Longest piece da_writer_put() takes: with its head it still makes one block. */
#define DA_WRITER_PIECE_MAX (128u << 10)

/** Where the stream goes. Either may be -1. */
struct da_writer_outputs {
	struct da_store store;
	int socket; /**< connected, blocking */
};

/**
 * A stream. Invariant: what has left is the header and whole blocks; the rest waits in @raw.
 * An output that fails is closed and its error kept once; when none is left, writing goes on into
 * nothing (da_writer_is_dead()).
 */
struct da_writer {
	struct da_writer_outputs out;
	struct da_compressor *compressor; /**< shared with other streams, not owned */
	uint8_t *raw; /**< room for a block's header, then the payload */
	uint8_t *packed; /**< the same for the compressed payload; shared, not owned */
	size_t raw_len; /**< payload bytes waiting */
	uint64_t seq; /**< of the next block */
	uint64_t total_bytes; /**< header and blocks written so far */
	uint64_t flushed_ms; /**< when a block was last written; the caller's clock */
	struct da_err error; /**< of the output that failed last */
	bool has_error; /**< @error is news; the caller clears it */
	bool is_cut; /**< the file could not be written to its end */
	bool is_unsent; /**< the connection broke before the end */
};

/** Bytes that writer->packed must have. */
#define DA_WRITER_PACKED_BYTES (DA_BLOCK_HEADER + DA_WRITER_BLOCK_RAW + 64)

/**
 * Begin a stream by its header. Takes over @out's descriptors.
 * @packed: DA_WRITER_PACKED_BYTES, may be shared by writers of one thread.
 */
void da_writer_init(struct da_writer *w, const struct da_writer_outputs *out,
		    struct da_compressor *compressor, uint8_t *packed, const struct da_header *h);

/** Add one fragment of whole events, 1 … DA_WRITER_PIECE_MAX bytes. @bytes is read once. */
void da_writer_put(struct da_writer *w, uint64_t thread, const uint8_t *bytes, size_t len);

/** Add an event of @n numbers to the meta stream. */
void da_writer_put_meta(struct da_writer *w, enum da_ext ext, const uint64_t *numbers, unsigned n);

/** Add a NAME_OF to the meta stream. */
void da_writer_put_name(struct da_writer *w, uint64_t thread, const char *name, size_t len);

/** Add a NOTE to the meta stream. */
void da_writer_put_note(struct da_writer *w, const char *text);

/** Write what waits as a block now. */
void da_writer_flush(struct da_writer *w);

/** Whether no output is left. */
bool da_writer_is_dead(const struct da_writer *w);

/** Write the last block, marked as such, and close the outputs. Errors are kept in @w. */
void da_writer_deinit(struct da_writer *w);

#endif
