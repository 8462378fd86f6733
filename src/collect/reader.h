/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * A recording's header and blocks, checked and decompressed. Reading stops at the first block
 * that is cut, damaged or out of sequence, and says where; all blocks before it have been
 * delivered, and never a part of one. Memory is bounded by the limits of codec/format.h whatever
 * the bytes say.
 */
#ifndef DA_COLLECT_READER_H
#define DA_COLLECT_READER_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "codec/header.h"
#include "collect/source.h"

struct da_reader;

/** A block's content. */
struct da_reader_block {
	const uint8_t *raw; /**< fragments (codec/block.h); valid until the next call */
	size_t len;
	uint64_t offset; /**< of the block's header in the (uncompressed) recording, bytes */
	uint64_t number; /**< 0, 1, 2 … */
};

/** How the recording ended. */
struct da_reader_end {
	/** The last block was marked as the last, and nothing came behind it. */
	bool complete;
	/** Nothing is damaged or cut: only the end mark is missing, as in a recording that is still
	 * being written, or whose recorder was killed. */
	bool clean;
	uint64_t byte; /**< up to here the recording is good */
	uint64_t block; /**< number of the first block that is not */
	/** "cut in block 3 at byte 1234", "block 3 at byte 1000 is damaged: wrong checksum" …;
	 * empty when complete. */
	char text[160];
};

/**
 * Read the header from @s, which stays the caller's and must outlive the reader.
 * Errors name the file and say what it looks like when it is not a recording, or which version is
 * needed.
 */
bool da_reader_create(struct da_source *s, struct da_reader **out, struct da_err *err);

/** Free. NULL is fine. */
void da_reader_destroy(struct da_reader *r);

/** The header; valid as long as the reader. */
const struct da_header *da_reader_header(const struct da_reader *r);

/** The next block, waiting for it. @return false at the end: see da_reader_end(). */
bool da_reader_next(struct da_reader *r, struct da_reader_block *out);

/**
 * The caller found @block's content to be damaged: end there, saying @why.
 * da_reader_next() is not to be called again.
 */
void da_reader_reject(struct da_reader *r, const struct da_reader_block *block, const char *why);

/** How it ended. Valid after da_reader_next() said false, or da_reader_reject(). */
const struct da_reader_end *da_reader_end(const struct da_reader *r);

#endif
