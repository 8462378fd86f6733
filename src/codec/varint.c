/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/varint.h"

const uint8_t *da_varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v_out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		uint8_t b = *p++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (b & 0x80)
			continue;
		if ((shift == 63 && b > 1) || (shift && !b))
			return NULL;
		*v_out = v;
		return p;
	}
	return NULL;
}
