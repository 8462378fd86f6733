/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A busy program: N times, free a random one of 4096 slots and fill it with 16 to 527 bytes, from
 * one of eight functions at a depth of 1 to 20 calls. The same numbers on every run.
 */
#include <stdint.h>
#include <stdlib.h>

#define SLOTS 4096u

static void *slots[SLOTS];
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* The barrier keeps the call from becoming a jump. */
#define ALLOCATE(name)                                                           \
	__attribute__((noinline)) static void *name(unsigned depth, size_t size) \
	{                                                                        \
		void *p = depth ? name(depth - 1, size) : malloc(size);          \
                                                                                 \
		__asm__ volatile("" ::: "memory");                               \
		return p;                                                        \
	}

ALLOCATE(allocate_a)
ALLOCATE(allocate_b)
ALLOCATE(allocate_c)
ALLOCATE(allocate_d)
ALLOCATE(allocate_e)
ALLOCATE(allocate_f)
ALLOCATE(allocate_g)
ALLOCATE(allocate_h)

static void *(*const functions[])(unsigned, size_t) = {
	allocate_a, allocate_b, allocate_c, allocate_d,
	allocate_e, allocate_f, allocate_g, allocate_h,
};

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 5000000;

	for (long i = 0; i < rounds; i++) {
		unsigned slot = next_random() % SLOTS;

		free(slots[slot]);
		slots[slot] =
			functions[next_random() % 8](next_random() % 20, 16 + next_random() % 512);
	}
	return 0;
}
