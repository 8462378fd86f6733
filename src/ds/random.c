/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ds/random.h"

#include <string.h>
#include <sys/auxv.h>

/* The kernel gives each process 16 random bytes at AT_RANDOM (getauxval(3)). */
uint64_t da_random_multiplier(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	uint64_t mul = 0;

	if (bytes)
		memcpy(&mul, bytes, sizeof(mul));
	return (mul ^ 0x9e3779b97f4a7c15u) | 1;
}
