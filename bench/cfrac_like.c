/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many tiny blocks that live for a moment: arithmetic on small big numbers, each result a new
 * block, each operand freed once used, from a recursion a few calls deep.
 *
 *	cfrac_like EVENTS
 */
#include "bench.h"

#define NOINLINE __attribute__((noinline))
#define LEVELS 6
#define PRIME 4294967291u

/* A number of a few 32-bit digits, the lowest first. */
struct number {
	uint32_t len, digit[];
};

static uint64_t events, wanted;

static struct number *number_create(uint32_t len)
{
	struct number *n = malloc(sizeof(*n) + len * sizeof(n->digit[0]));

	if (!n)
		abort();
	n->len = len;
	events++;
	return n;
}

static void number_destroy(struct number *n)
{
	events++;
	free(n);
}

NOINLINE static struct number *number_of(uint64_t value)
{
	struct number *n = number_create(2);

	n->digit[0] = (uint32_t)value;
	n->digit[1] = (uint32_t)(value >> 32);
	return n;
}

/* a + b; both are used up. */
NOINLINE static struct number *add(struct number *a, struct number *b)
{
	uint32_t len = a->len > b->len ? a->len : b->len;
	struct number *sum = number_create(len);
	uint64_t carry = 0;

	for (uint32_t i = 0; i < len; i++) {
		carry += (uint64_t)(i < a->len ? a->digit[i] : 0) + (i < b->len ? b->digit[i] : 0);
		sum->digit[i] = (uint32_t)carry;
		carry >>= 32;
	}
	number_destroy(a);
	number_destroy(b);
	return sum;
}

/* a * factor, each digit modulo a prime, four of them at most; a is used up. */
NOINLINE static struct number *scale(struct number *a, uint32_t factor)
{
	struct number *product = number_create(a->len < 4 ? a->len + 1 : 4);
	uint64_t carry = 0;

	for (uint32_t i = 0; i < product->len; i++) {
		carry += (uint64_t)(i < a->len ? a->digit[i] : 0) * factor;
		product->digit[i] = (uint32_t)(carry % PRIME);
		carry /= PRIME;
	}
	number_destroy(a);
	return product;
}

/* What @a leaves, as a number of one digit; a is used up. */
NOINLINE static struct number *reduce(struct number *a)
{
	struct number *rest = number_create(1);
	uint32_t sum = 0;

	for (uint32_t i = 0; i < a->len; i++)
		sum = sum * 31 + a->digit[i];
	rest->digit[0] = sum | 1;
	number_destroy(a);
	return rest;
}

/* The work between the blocks: the greatest common divisor of what @a and @b stand for. */
NOINLINE static uint32_t common(const struct number *a, const struct number *b)
{
	uint64_t x = a->digit[0] * 0x9e3779b97f4a7c15u | 1, y = b->digit[0] * 0xc2b2ae3d27d4eb4fu;

	while (y) {
		uint64_t rest = x % y;

		x = y;
		y = rest;
	}
	return (uint32_t)x;
}

/* One step of the fraction at each level, then the next level. */
NOINLINE static struct number *expand(struct number *x, unsigned level)
{
	struct number *y = scale(number_of(level * 0x9e3779b9u + x->digit[0]), x->digit[0] | 1);

	level -= level && common(x, y) == PRIME;
	x = scale(add(x, y), 3 + level);
	x = add(x, scale(number_of(level), 7));
	if (level && events < wanted)
		x = expand(x, level - 1);
	return x->len > 1 ? reduce(x) : x;
}

int main(int argc, char **argv)
{
	struct bench_time begin = bench_now();
	struct number *x = number_of(1);

	wanted = (uint64_t)bench_argument(argc, argv, 1, 25e6);
	while (events < wanted)
		x = expand(x, x->digit[0] % LEVELS);
	number_destroy(x);
	bench_print(begin, events, 0);
	return 0;
}
