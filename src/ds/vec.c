/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ds/vec.h"

#include "ds/mem.h"

void *da_vec_grow(void *items, size_t *cap, size_t need, size_t item_size)
{
	size_t n = *cap + *cap / 2;

	if (n < need)
		n = need;
	if (n < 8)
		n = 8;
	*cap = n;
	return da_xrealloc(items, n, item_size);
}
