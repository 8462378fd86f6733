/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Block framing: the unit of checksum, compression, resending and loss. */
#ifndef DA_CODEC_BLOCK_H
#define DA_CODEC_BLOCK_H

#include "base/types.h"
#include "codec/format.h"

/** How a block's payload is stored. */
enum da_block_codec {
	DA_BLOCK_RAW = 0,
	DA_BLOCK_ZSTD = 1, /**< one zstd frame, no dictionary */
};

/** A block's header. On the wire: magic, stored_len, raw_len, u16 codec | end << 4, u16 0, u64 seq,
 * u32 crc of the stored payload, u32 crc of the 28 bytes before. */
struct da_block {
	uint32_t stored_len; /**< bytes of payload that follow, <= DA_BLOCK_STORED_MAX */
	uint32_t raw_len; /**< bytes after decompression, <= DA_BLOCK_RAW_MAX */
	enum da_block_codec codec;
	bool end; /**< holds a DA_EXT_END: the stream is whole if no block follows */
	uint64_t seq; /**< 0, 1, 2 … */
	uint32_t crc; /**< CRC-32 (IEEE 802.3) of the stored payload */
};

/** Write @b as DA_BLOCK_HEADER bytes at @out. */
void da_block_put(const struct da_block *b, uint8_t *out);

/**
 * Read DA_BLOCK_HEADER bytes at @in; checks magic, checksum, codec and lengths (RAW: both lengths
 * are the same).
 * @return NULL when good, else a constant text that says what is wrong; @b_out is then undefined.
 */
const char *da_block_get(const uint8_t *in, struct da_block *b_out);

/** One fragment of a block's raw payload; @bytes points into it. */
struct da_fragment {
	uint64_t thread; /**< 0: the meta stream; <= DA_STREAM_MAX_THREADS */
	const uint8_t *bytes;
	size_t len;
};

/**
 * Take the next fragment at *@p of a raw payload that ends at @end, and advance *@p past it.
 * @return false at the end (then *@p == @end) or on damage (then *@p is where it is).
 */
bool da_fragment_next(const uint8_t **p, const uint8_t *end, struct da_fragment *out);

/** Most bytes of a fragment's two varints. */
#define DA_FRAGMENT_HEADER_MAX 20

/** Write the head of a fragment at @p. @return the byte after it. */
uint8_t *da_fragment_put(uint8_t *p, uint64_t thread, size_t len);

#endif
