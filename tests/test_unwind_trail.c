/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks that join the last one, against an oracle that knows no last one: over random rules and
 * random stacks that change a little between one walk and the next, both must agree on every frame
 * and on the end. The rules are put into the cache; there is no module to find others in, but in
 * the test that counts how often the walker looks for one: it is linked with this file's finder.
 */
#include <check.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu.h"
#include "unwind/cache.h"
#include "unwind/native.h"
#include "unwind/step.h"
#include "unwind/trail.h"
#include "unwind/unwind.h"

#if DA_CPU_WALKS

#define PCS 256u
#define FIRST_PC ((uintptr_t)0x7f200000)
#define WORDS 600u
#define MAX_DEPTH 64u
#define WORD sizeof(uintptr_t)
#define PAGE 4096u

struct result {
	uintptr_t pcs[MAX_DEPTH]; /* innermost first */
	uint32_t n;
	enum da_unwind_end end;
};

static struct da_rule rules[PCS];
/* to pages of its own, so that parts of it can be taken away */
static uintptr_t stack[2 * PAGE / WORD] __attribute__((aligned(PAGE)));
static struct da_module_table table;
static struct da_unwind u;
static struct da_unwind_start start;
static void *memory;
static uint64_t state;
static unsigned joined, ends[8], deepest;
static uint32_t tame; /* how seldom there is what ends a walk */
static unsigned decoded; /* how many rules the walker has asked for */
static sigjmp_buf way_out;

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	decoded++;
	*rule_out = rules[q->pc - FIRST_PC];
	return attempt == 0;
}

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	(void)m;
	return pc - FIRST_PC < PCS;
}

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

/* The @i-th page of the stack can be accessed, or not at all. */
static void permit(unsigned i, bool yes)
{
	if (sysconf(_SC_PAGESIZE) == PAGE)
		ck_assert_int_eq(mprotect((uint8_t *)stack + i * PAGE, PAGE,
					  yes ? PROT_READ | PROT_WRITE : PROT_NONE),
				 0);
}

/* Below sp there need be nothing at all. */
static void walk(void)
{
	bool above = start.sp >= (uintptr_t)stack + PAGE;

	if (above)
		permit(0, false);
	da_unwind_walk(&u, &start);
	if (above)
		permit(0, true);
}

static void compare(void)
{
	struct result r;
	uint64_t h = 0;

	ask_oracle(&r);
	walk();
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

static void jump_out(int number)
{
	(void)number;
	siglongjmp(way_out, 1);
}

/* A walk that a signal handler ends by a jump, where it reads the outer part of the stack. */
static bool walk_is_left(void)
{
	volatile bool left = true;

	permit(1, false);
	if (!sigsetjmp(way_out, 1)) {
		da_unwind_walk(&u, &start);
		left = false;
	}
	permit(1, true);
	return left;
}

START_TEST(walks_may_be_left_by_a_jump)
{
	struct sigaction jumps = { .sa_handler = jump_out };
	unsigned left = 0;

	ck_assert_int_eq(sigaction(SIGSEGV, &jumps, NULL), 0);
	for (uint64_t seed = 1; seed <= 8; seed++) {
		begin(MAX_DEPTH, seed * 500);
		for (unsigned i = 0; i < 4000; i++) {
			change_world();
			if (one_in(2))
				left += walk_is_left();
			if (one_in(2))
				change_world();
			compare();
		}
		finish();
	}
	if (PAGE / WORD < WORDS && sysconf(_SC_PAGESIZE) == PAGE)
		ck_assert_uint_gt(left, 1000);
}
END_TEST

/* Rules and a stack of @n calls, each by another function; no rule is remembered. */
static void lay_calls(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		rules[i] = (struct da_rule){ .kind = i ? DA_RULE_FRAME : DA_RULE_END,
					     .cfa_offset = WORD,
					     .ra_offset = -(int32_t)WORD };
		stack[WORDS - 1 - i] = FIRST_PC + i;
	}
	start.pc = FIRST_PC + n;
	rules[n] = rules[n - 1];
	start.sp = (uintptr_t)&stack[WORDS - n];
	da_unwind_forget(&u);
}

START_TEST(a_return_address_is_decoded_once)
{
	struct da_module m = { .lo = FIRST_PC - PCS, .hi = FIRST_PC + PCS };

	begin(MAX_DEPTH, 1);
	lay_calls(40);
	table.modules = &m;
	table.n = 1;
	decoded = 0;
	compare();
	ck_assert_uint_eq(u.n, 41);
	ck_assert_uint_eq(decoded, 41);
	for (unsigned i = 0; i < 100; i++) {
		/* with the last walk, or without it; from other depths, along other ways */
		if (i % 3)
			da_unwind_first_only(&u, &start, DA_UNWIND_END_FOREIGN_STACK);
		start.sp = (uintptr_t)&stack[WORDS - 1 - next_random(40)];
		stack[WORDS - 2 - next_random(39)] = FIRST_PC + 1 + next_random(40);
		compare();
	}
	ck_assert_uint_eq(decoded, 41);
	table.n = 0;
	finish();
}
END_TEST

static void add_tests(TCase *t)
{
	tcase_add_test(t, walks_agree_with_the_oracle);
	tcase_add_test(t, recursion_is_followed_down_and_up);
	tcase_add_test(t, walks_may_be_left_by_a_jump);
	tcase_add_test(t, a_return_address_is_decoded_once);
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

	tcase_set_timeout(t, 300); /* a busy machine is no failure */
	add_tests(t);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
