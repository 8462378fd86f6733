/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/quantity.h"

static unsigned unit_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K': return 10;
	case 'm':
	case 'M': return 20;
	case 'g':
	case 'G': return 30;
	default: return 0;
	}
}

bool da_quantity_parse(const char *text, uint64_t *v_out)
{
	uint64_t v = 0;
	unsigned shift;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	shift = unit_shift(*text);
	if (shift)
		text++;
	if (*text || v > UINT64_MAX >> shift)
		return false;
	*v_out = v << shift;
	return true;
}
