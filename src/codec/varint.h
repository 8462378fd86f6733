/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** LEB128 varints and zigzag (DWARF 5, section 7.6; zigzag as in protocol buffers). */
#ifndef DA_CODEC_VARINT_H
#define DA_CODEC_VARINT_H

#include "base/types.h"

/** Most bytes of a 64-bit varint. */
#define DA_VARINT_MAX 10

/** Write @v at @p, which has room for DA_VARINT_MAX bytes. @return the byte after it. */
static inline uint8_t *da_varint_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)v | 0x80;
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/**
 * Read a varint from [p, end) into @v_out.
 * @return the byte after it, or NULL when it is cut, does not fit 64 bits, or is longer than it
 * need be (so that each value has one encoding).
 */
const uint8_t *da_varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v_out);

/** Signed to unsigned so that small magnitudes stay small: 0 -1 1 -2 … become 0 1 2 3 … */
static inline uint64_t da_zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/** Inverse of da_zigzag(). */
static inline int64_t da_unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

#endif
