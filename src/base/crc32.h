/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * CRC-32 as in IEEE 802.3, zlib and PNG: polynomial 0xedb88320 reflected, initial and final
 * 0xffffffff.
 */
#ifndef DA_BASE_CRC32_H
#define DA_BASE_CRC32_H

#include "base/types.h"

/**
 * CRC of @n bytes at @p, continuing from @crc (0 for the first piece), so that
 * da_crc32(da_crc32(0, a, n), b, m) is the CRC of a followed by b.
 */
uint32_t da_crc32(uint32_t crc, const void *p, size_t n);

#endif
