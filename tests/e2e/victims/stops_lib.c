/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built without unwind tables and frame pointers: a walk cannot pass. */
#include <stdlib.h>

void *take(size_t n);
void *take(size_t n)
{
	void *volatile p = malloc(n);

	return p;
}
