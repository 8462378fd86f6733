/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks that join the last one, against an oracle that knows no last one: over random rules and
 * random stacks that change a little between one walk and the next, both must agree on every frame
 * and on the end. The rules are put into the cache; there is no module to find others in.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "unwind/cache.h"
#include "unwind/step.h"
#include "unwind/trail.h"
#include "unwind/unwind.h"

#if DA_CPU_WALKS

#define PCS 256u
#define FIRST_PC ((uintptr_t)0x7f200000)
#define WORDS 600u
#define MAX_DEPTH 64u
#define WORD sizeof(uintptr_t)

struct result {
	uintptr_t pcs[MAX_DEPTH]; /* innermost first */
	uint32_t n;
	enum da_unwind_end end;
};

static struct da_rule rules[PCS];
static uintptr_t stack[WORDS];
static struct da_module_table table;
static struct da_unwind u;
static struct da_unwind_start start;
static void *memory;
static uint64_t state;
static unsigned joined, ends[8], deepest;
static uint32_t tame; /* how seldom there is what ends a walk */

static uint32_t next_random(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

static bool one_in(uint32_t n)
{
	return next_random(n) == 0;
}

/* ---- the world -------------------------------------------------------------------------------- */

static struct da_rule random_rule(void)
{
	struct da_rule r = { .kind = DA_RULE_FRAME };
	int32_t words = 1 + (int32_t)next_random(6);

	if (one_in(40 * tame))
		r.kind = DA_RULE_END;
	else if (one_in(60 * tame))
		r.kind = DA_RULE_NONE;
	else if (one_in(30))
		r.kind = DA_RULE_REALIGNED;
	r.base = one_in(8 * tame) ? DA_RULE_FP : DA_RULE_SP;
	r.flags = (one_in(3) ? DA_RULE_FP_SAVED : 0) | (one_in(10) ? DA_RULE_CHECK : 0) |
		  (one_in(60 * tame) ? DA_RULE_FP_LOST : 0) |
		  (one_in(60 * tame) ? DA_RULE_SP_LOST : 0) |
		  (one_in(100 * tame) ? DA_RULE_RA_IN_LR : 0);
	r.cfa_offset = words * (int32_t)WORD;
	r.ra_offset = -(int32_t)WORD * (one_in(10) ? 1 + (int32_t)next_random(3) : 1);
	r.fp_offset = -(int32_t)WORD * (2 + (int32_t)next_random(2));
	if (one_in(50 * tame))
		r.cfa_offset = -r.cfa_offset;
	if (one_in(100 * tame))
		r.cfa_offset += 1;
	return r;
}

static uintptr_t random_pc(void)
{
	return one_in(40 * tame) ? next_random(3) * 0x1234567u : FIRST_PC + next_random(PCS);
}

/* A place on the stack, seldom none or misaligned. */
static uintptr_t random_place(void)
{
	if (one_in(20))
		return next_random(2) * 0x1235;
	return (uintptr_t)&stack[next_random(WORDS)] + (one_in(30) ? 1 : 0);
}

static void change_word(void)
{
	stack[next_random(WORDS)] = one_in(6 * tame) ? random_place() : random_pc();
}

static void forget_rules(void)
{
	table.generation++;
	da_unwind_forget(&u);
	u.generation = table.generation;
	for (uint32_t i = 0; i < PCS; i++)
		da_cache_put(&u, FIRST_PC + i, &rules[i]);
}

static void begin(uint32_t depth, uint64_t seed)
{
	state = seed;
	tame = seed / 1000 % 2 ? 20 : 1;
	memset(&u, 0, sizeof(u));
	memory = calloc(1, da_unwind_bytes(depth));
	da_unwind_init(&u, memory, depth);
	u.modules = &table;
	u.stack_hi = (uintptr_t)(stack + WORDS);
	for (uint32_t i = 0; i < PCS; i++)
		rules[i] = random_rule();
	/* at its largest the cache has a slot for each */
	for (uint32_t i = 0; i < 64 * PCS; i++)
		da_cache_put(&u, FIRST_PC + i % PCS, &rules[i % PCS]);
	forget_rules();
	for (uint32_t i = 0; i < WORDS; i++)
		stack[i] = one_in(6 * tame) ? random_place() : random_pc();
	start.pc = FIRST_PC;
	start.sp = (uintptr_t)&stack[WORDS / 2];
}

static void finish(void)
{
	free(memory);
}

/* ---- the oracle ------------------------------------------------------------------------------- */

static const struct da_rule *rule_of(uintptr_t pc)
{
	const struct da_rule *r = pc - FIRST_PC < PCS ? &rules[pc - FIRST_PC] : NULL;
	struct da_packed p;

	return r && da_packed_put(&p, r) ? r : NULL;
}

/* One step. @return false at the end. */
static bool step(struct da_frame *f, enum da_unwind_end *end)
{
	const struct da_rule *r = rule_of(f->pc);
	struct da_frame from = *f;

	*end = DA_UNWIND_END_NO_MODULE;
	if (!r)
		return false;
	if (da_step(r, &from, u.stack_hi, f, end)) {
		/* a guess must lead to a known pc, or it is none */
		*end = DA_UNWIND_END_NO_MODULE;
		return !(r->flags & DA_RULE_CHECK) || rule_of(f->pc);
	}
	if (r->kind == DA_RULE_END || r->kind == DA_RULE_NONE || *end == DA_UNWIND_END_COMPLETE)
		return false;
	/* where another source would be asked, there is none */
	if (r->flags & DA_RULE_CHECK || *end == DA_UNWIND_END_NO_RULE)
		*end = DA_UNWIND_END_NO_MODULE;
	return false;
}

static void ask_oracle(struct result *out)
{
	struct da_frame f = { .pc = start.pc, .sp = start.sp, .fp = start.fp };

	if (DA_CPU_FP2)
		f.fp2 = start.s[0];
	out->n = 0;
	do {
		if (out->n == u.max_depth) {
			out->end = DA_UNWIND_END_DEPTH;
			return;
		}
		out->pcs[out->n++] = f.pc;
	} while (step(&f, &out->end));
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void compare(void)
{
	struct result r;
	uint64_t h = 0;

	ask_oracle(&r);
	da_unwind_walk(&u, &start);
	da_unwind_list(&u);
	ck_assert_int_eq(u.end, r.end);
	ck_assert_uint_eq(u.n, r.n);
	for (uint32_t i = 0; i < r.n; i++) {
		ck_assert_uint_eq(u.pcs[u.n - 1 - i], r.pcs[i]);
		ck_assert(!u.exact[i]);
		h = da_trail_roll(h, r.pcs[i], false);
	}
	ck_assert_uint_eq(u.hash, da_trail_end_hash(h, r.end));
	joined += u.checked_n > 1;
	ends[r.end]++;
	deepest = r.n > deepest ? r.n : deepest;
}

static void change_start(void)
{
	if (one_in(3))
		start.pc = random_pc();
	if (!start.pc)
		start.pc = 1; /* a call is made from somewhere */
	if (one_in(3))
		start.sp = (uintptr_t)&stack[next_random(WORDS)];
	else if (one_in(2))
		start.sp = start.sp + next_random(9) * WORD - 4 * WORD;
	if (start.sp < (uintptr_t)stack || start.sp >= (uintptr_t)(stack + WORDS - 20))
		start.sp = (uintptr_t)stack;
	if (one_in(3))
		start.fp = one_in(2) ? random_place() : next_random(1000);
}

static void change_world(void)
{
	change_start();
	for (uint32_t n = one_in(2) ? next_random(4) : 0; n > 0; n--)
		change_word();
	if (one_in(200))
		u.stack_hi = (uintptr_t)&stack[WORDS - next_random(20)];
	if (one_in(500)) {
		rules[next_random(PCS)] = random_rule();
		forget_rules();
	}
	if (one_in(300))
		da_unwind_first_only(&u, &start, DA_UNWIND_END_FOREIGN_STACK);
}

static void run(uint32_t depth, uint64_t seed)
{
	begin(depth, seed);
	for (unsigned i = 0; i < 3000; i++) {
		change_world();
		compare();
	}
	finish();
}

START_TEST(walks_agree_with_the_oracle)
{
	static const uint32_t depths[] = { MAX_DEPTH, 16, 17, 7, 1 };

	for (unsigned d = 0; d < 5; d++)
		for (uint64_t seed = 1; seed <= 20; seed++)
			run(depths[d], seed * 1000 + d);
	/* and it was no idle test */
	ck_assert_uint_gt(joined, 20000);
	ck_assert_uint_ge(deepest, 40);
	for (unsigned end = 0; end <= DA_UNWIND_END_NOT_ADVANCING; end++)
		ck_assert_uint_gt(ends[end], 100);
}
END_TEST

/* Calls of one function by itself, down and up again: deeper than is kept, and less deep. */
START_TEST(recursion_is_followed_down_and_up)
{
	begin(20, 1);
	for (uint32_t i = 0; i < WORDS; i++)
		stack[i] = FIRST_PC;
	stack[WORDS - 1] = FIRST_PC + 1;
	rules[0] = (struct da_rule){ .kind = DA_RULE_FRAME,
				     .cfa_offset = WORD,
				     .ra_offset = -(int32_t)WORD };
	rules[1] = (struct da_rule){ .kind = DA_RULE_END };
	forget_rules();
	for (uint32_t depth = 0; depth < 100; depth++) {
		start.sp = (uintptr_t)&stack[WORDS - 1 - (depth < 50 ? depth : 99 - depth)];
		compare();
	}
	ck_assert_uint_eq(u.n, 2);
	finish();
}
END_TEST

static void add_tests(TCase *t)
{
	tcase_add_test(t, walks_agree_with_the_oracle);
	tcase_add_test(t, recursion_is_followed_down_and_up);
}

#else

static void add_tests(TCase *t)
{
	(void)t;
}

#endif

int main(void)
{
	Suite *suite = suite_create("unwind_trail");
	TCase *t = tcase_create("trail");
	SRunner *runner;
	int failed;

	add_tests(t);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
