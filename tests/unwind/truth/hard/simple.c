/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Little enough for microMIPS in qemu 7.2, where hard.c dies without a recorder, too. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static int recursive(int n)
{
	void *p = malloc((size_t)n);

	__asm__ volatile("" : : "r"(p) : "memory");
	free(p);
	return n ? recursive(n - 1) + 1 : 0;
}

int main(void)
{
	return printf(recursive(20) == 20 ? "ok\n" : "wrong\n") != 3;
}
