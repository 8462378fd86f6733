/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/unwind.h"

#include "cpu.h"
#include "unwind/cache.h"
#include "unwind/gcc.h"
#include "unwind/native.h"
#include "unwind/step.h"

/* What became of one rule. */
enum verdict {
	GO, /* the caller's frame is known */
	STOP, /* the walk ends for the reason in u->end */
	NEXT, /* this rule does not fit; another source may have a better one */
};

/* No code lies below: null pointers and small numbers are no unknown modules. */
#define LOWEST_CODE 0x10000

static void push(struct da_unwind *u, const struct da_frame *f)
{
	u->pcs[u->n] = f->pc;
	u->exact[u->n] = f->exact;
	u->n++;
}

/* The module of a frame's pc. */
static bool find_module(struct da_unwind *u, const struct da_frame *f, struct da_module *m)
{
	/* A call can be the last thing in a module, a trampoline the first. */
	if ((da_module_find(u->modules, f->exact ? f->pc : f->pc - DA_CPU_CALL_BACK, m) ||
	     da_module_find(u->modules, f->pc, m)) &&
	    da_module_is_there(m))
		return true;
	if (f->pc >= LOWEST_CODE)
		u->unknown_pc = f->pc;
	return false;
}

/* Whether the pc that a guessed rule gave can be what it should be. */
static bool is_plausible(struct da_unwind *u, const struct da_frame *f)
{
	struct da_module m;

	if (da_cache_get(u, f->pc))
		return true;
	return find_module(u, f, &m) && da_native_is_return(&m, f->pc);
}

static inline enum verdict apply(struct da_unwind *u, const struct da_rule *rule,
				 const struct da_frame *f, struct da_frame *out)
{
	bool guess = rule->flags & DA_RULE_CHECK;

	if (da_step(rule, f, u->stack_hi, out, &u->end)) {
		if (!guess || is_plausible(u, out))
			return GO;
		u->end = DA_UNWIND_END_NO_RULE;
		return NEXT;
	}
	if (u->end == DA_UNWIND_END_COMPLETE || rule->kind == DA_RULE_NONE)
		return STOP;
	if (!guess)
		return u->end == DA_UNWIND_END_NO_RULE ? NEXT : STOP;
	/* A frame pointer that is none says nothing of the stack. */
	if (rule->base != DA_RULE_SP && u->mode != DA_UNWIND_FP)
		u->end = DA_UNWIND_END_NO_RULE;
	return NEXT;
}

/* Ask the sources one after the other, take the first rule that fits, and remember it. */
static enum verdict try_sources(struct da_unwind *u, const struct da_query *q,
				const struct da_frame *f, struct da_frame *out)
{
	struct da_rule rule;
	enum da_unwind_end first_end = DA_UNWIND_END_NO_RULE;
	enum verdict v = NEXT;
	bool found = false;

	for (unsigned i = 0; v == NEXT && da_native_find(q, i, &rule); i++) {
		if (rule.kind == DA_RULE_NONE)
			continue;
		v = apply(u, &rule, f, out);
		if (!found)
			first_end = u->end;
		found = true;
	}
	if (v == NEXT) {
		u->end = first_end;
		rule = (struct da_rule){ .kind = DA_RULE_NONE };
	}
	/* A rule that failed on this stack may do on another: only "there is none" is kept. */
	if (!f->exact && (v != NEXT || !found))
		da_cache_put(u, f->pc, &rule);
	return v == GO ? GO : STOP;
}

/* The slow path: f->pc is not in the cache, or what is there did not fit. */
static __attribute__((noinline)) enum verdict find_and_step(struct da_unwind *u,
							    const struct da_frame *f,
							    struct da_frame *out)
{
	struct da_module m;
	struct da_query q = { .module = &m, .pc = f->pc, .exact = f->exact, .mode = u->mode };

	if (!find_module(u, f, &m)) {
		u->end = DA_UNWIND_END_NO_MODULE;
		return STOP;
	}
	return try_sources(u, &q, f, out);
}

static inline enum verdict advance(struct da_unwind *u, const struct da_frame *f,
				   struct da_frame *out)
{
	const struct da_rule *rule = f->exact ? NULL : da_cache_get(u, f->pc);
	enum verdict v = rule ? apply(u, rule, f, out) : NEXT;

	return v == NEXT ? find_and_step(u, f, out) : v;
}

static void walk_own(struct da_unwind *u, const struct da_unwind_start *start)
{
	struct da_frame frames[2];
	unsigned at = 0;

	frames[0].pc = start->pc;
	frames[0].sp = start->sp;
	frames[0].fp = start->fp;
	frames[0].lr = 0;
	if (DA_CPU_FP2)
		frames[0].fp2 = start->s[0];
	frames[0].exact = false;
	frames[0].sp_lost = false;
	frames[0].fp_lost = false;
	da_cache_refresh(u);
	push(u, &frames[0]);
	while (advance(u, &frames[at], &frames[1 - at]) == GO) {
		at = 1 - at;
		if (u->n == u->max_depth) {
			u->end = DA_UNWIND_END_DEPTH;
			return;
		}
		push(u, &frames[at]);
	}
}

void da_unwind_walk(struct da_unwind *u, const struct da_unwind_start *start)
{
	u->n = 0;
	u->unknown_pc = 0;
	if (u->mode == DA_UNWIND_NONE)
		u->end = DA_UNWIND_END_OFF;
	else if (u->max_depth == 0)
		u->end = DA_UNWIND_END_DEPTH;
	else if (u->mode == DA_UNWIND_GCC || !DA_CPU_WALKS)
		da_gcc_walk(u, start);
	else
		walk_own(u, start);
}

void da_unwind_first_only(struct da_unwind *u, const struct da_unwind_start *start,
			  enum da_unwind_end end)
{
	u->n = 0;
	u->unknown_pc = 0;
	u->end = end;
	if (u->mode == DA_UNWIND_NONE || u->max_depth == 0)
		return;
	u->pcs[0] = start->pc;
	u->exact[0] = 0;
	u->n = 1;
}
