/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of a library that is loaded late: it gets no symbols of the program but its table. */
#include "hard.h"

static STEP int callback(int n, int x)
{
	char local[x & 31 ? x & 31 : 1];

	memset(local, x, sizeof(local));
	KEEP(local);
	return next(n, x) + local[0];
}

static STEP int two_ways(int n, int x)
{
	if (x & 2)
		return callback(n, x) + 1;
	if (!n)
		return 0;
	return next(n, x) * 2;
}

int library_step(int n, int x);
int library_step(int n, int x)
{
	return x & 1 ? two_ways(n, x >> 1) : callback(n, x >> 1) + 3;
}
