/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Unaligned loads and stores of a stated byte order, and memory primitives that call no libc. */
#ifndef DA_BASE_BYTES_H
#define DA_BASE_BYTES_H

#include "base/types.h"

/** Load 16, 32 or 64 bits stored little-endian at @p, which need not be aligned. */
static inline uint16_t da_load_le16(const void *p)
{
	const uint8_t *b = p;
	return (uint16_t)(b[0] | b[1] << 8);
}

/** @copydoc da_load_le16 */
static inline uint32_t da_load_le32(const void *p)
{
	const uint8_t *b = p;
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/** @copydoc da_load_le16 */
static inline uint64_t da_load_le64(const void *p)
{
	const uint8_t *b = p;
	return da_load_le32(b) | (uint64_t)da_load_le32(b + 4) << 32;
}

/** Load 16, 32 or 64 bits stored big-endian at @p, which need not be aligned. */
static inline uint16_t da_load_be16(const void *p)
{
	const uint8_t *b = p;
	return (uint16_t)(b[0] << 8 | b[1]);
}

/** @copydoc da_load_be16 */
static inline uint32_t da_load_be32(const void *p)
{
	const uint8_t *b = p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/** @copydoc da_load_be16 */
static inline uint64_t da_load_be64(const void *p)
{
	const uint8_t *b = p;
	return (uint64_t)da_load_be32(b) << 32 | da_load_be32(b + 4);
}

/** Store 16, 32 or 64 bits little-endian at @p, which need not be aligned. */
static inline void da_store_le16(void *p, uint16_t v)
{
	uint8_t *b = p;
	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
}

/** @copydoc da_store_le16 */
static inline void da_store_le32(void *p, uint32_t v)
{
	uint8_t *b = p;
	da_store_le16(b, (uint16_t)v);
	da_store_le16(b + 2, (uint16_t)(v >> 16));
}

/** @copydoc da_store_le16 */
static inline void da_store_le64(void *p, uint64_t v)
{
	uint8_t *b = p;
	da_store_le32(b, (uint32_t)v);
	da_store_le32(b + 4, (uint32_t)(v >> 32));
}

/** Copy @n bytes between areas that do not overlap. */
void da_copy(void *restrict to, const void *restrict from, size_t n);

/** Set @n bytes at @p to zero. */
void da_zero(void *p, size_t n);

/** Whether the @n bytes at @a and at @b are the same. */
bool da_bytes_equal(const void *a, const void *b, size_t n);

/** Length of the text at @s, looking at no more than @max bytes. */
size_t da_text_length(const char *s, size_t max);

/** Whether two NUL-terminated texts are the same. */
bool da_text_equal(const char *a, const char *b);

#endif
