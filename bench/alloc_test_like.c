/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random sizes, freed at random: each step takes one of many slots and fills or empties it.
 *
 *	alloc_test_like STEPS
 */
#include "bench.h"

#define SLOTS (1u << 16)
#define LARGEST_BITS 10

static void *slots[SLOTS];

/* Small ones are more likely: each power of two as likely as the next. */
static size_t random_size(uint64_t random)
{
	uint64_t power = (uint64_t)1 << (random >> 32) % (LARGEST_BITS + 1);

	return power + (random >> 40) % power;
}

int main(int argc, char **argv)
{
	uint64_t steps = (uint64_t)bench_argument(argc, argv, 1, 1e7), state = 88172645463325252u;
	struct bench_time begin = bench_now();
	uint64_t events = steps;

	for (uint64_t i = 0; i < steps; i++) {
		uint64_t random = bench_random(&state);
		void **slot = &slots[random % SLOTS];

		if (*slot) {
			free(*slot);
			*slot = NULL;
		} else {
			size_t size = random_size(random);
			char *block = malloc(size);

			if (!block)
				return 1;
			block[0] = block[size - 1] = (char)i;
			*slot = block;
		}
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		events += slots[i] != NULL;
		free(slots[i]);
	}
	bench_print(begin, events, 0);
	return 0;
}
