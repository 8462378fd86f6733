/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of mixed sizes that live for a while: sets of cubes (rows of bits), split by a variable
 * again and again, each half a new set, and merged on the way back.
 *
 *	espresso_like EVENTS
 */
#include <stdbool.h>

#include "bench.h"

#define NOINLINE __attribute__((noinline))
#define WORDS 8
#define VARIABLES (WORDS * 64)
#define SOME 400

struct cube {
	uint64_t bits[WORDS];
};

/* Cubes, each a block of its own, in an array that grows. */
struct cover {
	unsigned n, cap;
	struct cube **cubes;
};

static uint64_t events, state = 88172645463325252u;

static struct cover *cover_create(void)
{
	events++;
	return calloc(1, sizeof(struct cover));
}

static void cover_destroy(struct cover *c)
{
	for (unsigned i = 0; i < c->n; i++)
		free(c->cubes[i]);
	events += c->n + 2;
	free(c->cubes);
	free(c);
}

/* Give @cube to @c. */
NOINLINE static void cover_add(struct cover *c, struct cube *cube)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 4;
		c->cubes = realloc(c->cubes, c->cap * sizeof(struct cube *));
		if (!c->cubes)
			abort();
		events++;
	}
	c->cubes[c->n++] = cube;
}

NOINLINE static struct cube *cube_copy(const struct cube *from)
{
	struct cube *to = malloc(sizeof(*to));

	events++;
	if (!to)
		abort();
	*to = *from;
	return to;
}

static bool has(const struct cube *c, unsigned variable)
{
	return c->bits[variable / 64] >> variable % 64 & 1;
}

/* The cubes of @c where @variable is @value. */
NOINLINE static struct cover *cofactor(const struct cover *c, unsigned variable, bool value)
{
	struct cover *half = cover_create();

	for (unsigned i = 0; i < c->n; i++)
		if (has(c->cubes[i], variable) == value)
			cover_add(half, cube_copy(c->cubes[i]));
	return half;
}

/* The variable that splits the cubes most evenly, among some. */
NOINLINE static unsigned best_variable(const struct cover *c)
{
	unsigned best = 0, best_score = 0;

	for (unsigned k = 0; k < SOME; k++) {
		unsigned variable = (unsigned)(bench_random(&state) % VARIABLES), ones = 0, score;

		for (unsigned i = 0; i < c->n; i++)
			ones += has(c->cubes[i], variable);
		score = ones < c->n - ones ? ones : c->n - ones;
		if (score >= best_score) {
			best_score = score;
			best = variable;
		}
	}
	return best;
}

static bool contains(const struct cover *c, const struct cube *cube)
{
	for (unsigned i = 0; i < c->n; i++)
		if (!memcmp(c->cubes[i], cube, sizeof(*cube)))
			return true;
	return false;
}

/* Those of both halves that are not the same; the halves are used up. */
NOINLINE static struct cover *merge(struct cover *a, struct cover *b)
{
	struct cover *merged = cover_create();

	for (unsigned i = 0; i < a->n; i++)
		cover_add(merged, cube_copy(a->cubes[i]));
	for (unsigned i = 0; i < b->n; i++)
		if (!contains(a, b->cubes[i]))
			cover_add(merged, cube_copy(b->cubes[i]));
	cover_destroy(a);
	cover_destroy(b);
	return merged;
}

/* Split, treat the halves, merge; @c is used up. */
NOINLINE static struct cover *simplify(struct cover *c, unsigned level)
{
	unsigned variable;
	struct cover *low, *high;

	if (c->n < 2 || !level)
		return c;
	variable = best_variable(c);
	low = cofactor(c, variable, false);
	high = cofactor(c, variable, true);
	cover_destroy(c);
	low = simplify(low, level - 1);
	high = simplify(high, level - 1);
	return merge(low, high);
}

NOINLINE static struct cover *make_cover(unsigned n)
{
	struct cover *c = cover_create();
	struct cube cube;

	while (n--) {
		for (unsigned i = 0; i < WORDS; i++)
			cube.bits[i] = bench_random(&state);
		cover_add(c, cube_copy(&cube));
	}
	return c;
}

int main(int argc, char **argv)
{
	uint64_t wanted = (uint64_t)bench_argument(argc, argv, 1, 8e6);
	struct bench_time begin = bench_now();

	while (events < wanted)
		cover_destroy(simplify(make_cover(20 + bench_random(&state) % 60), 12));
	bench_print(begin, events, 0);
	return 0;
}
