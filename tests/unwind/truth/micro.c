/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Usage: micro DEPTH PAIRS: so many pairs of malloc and free, DEPTH calls below main(). */
#include <stdlib.h>

static __attribute__((noinline)) long pairs(long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		void *volatile p = malloc(40);

		sum += p != NULL;
		free(p);
	}
	return sum;
}

static __attribute__((noinline)) long deep(int depth, long n)
{
	volatile long sum = depth > 2 ? deep(depth - 1, n) : pairs(n);

	return sum + 1;
}

int main(int argc, char **argv)
{
	return argc != 3 || deep(atoi(argv[1]), atol(argv[2])) < 1;
}
