/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few thousand calls that do not compress well, in bursts: the recorder ends a block each second. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long long state = 88172645463325252ull;
static void *kept[256];

static unsigned draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 20);
}

static __attribute__((noinline)) void *grab(int depth, size_t n)
{
	void *p = depth ? grab(depth - 1, n) : malloc(n);

	__asm__ volatile("" ::"r"(p) : "memory"); /* no tail call */
	return p;
}

int main(int argc, char **argv)
{
	int bursts = argc > 1 ? atoi(argv[1]) : 10, calls = argc > 2 ? atoi(argv[2]) : 200;
	int pause_ms = argc > 3 ? atoi(argv[3]) : 10;

	for (int b = 0; b < bursts; b++) {
		for (int i = 0; i < calls; i++) {
			unsigned slot = draw() % 256;

			free(kept[slot]);
			kept[slot] = grab((int)(draw() % 8), 1 + draw() % 3000);
		}
		usleep((unsigned)pause_ms * 1000);
	}
	return write(1, "done\n", 5) != 5;
}
