/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/unwind.h"

#include "cpu.h"
#include "unwind/cache.h"
#include "unwind/gcc.h"
#include "unwind/native.h"
#include "unwind/step.h"
#include "unwind/trail.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What became of one rule. */
enum verdict {
	GO, /* the caller's frame is known */
	STOP, /* the walk ends for the reason in u->end */
	LAST, /* the walk is complete, by a rule that depends on the pc alone */
	NEXT, /* this rule does not fit; another source may have a better one */
};

/* How far a walk has come. */
enum progress {
	SLOW, /* the step from the frame it is at has to be made with care */
	JOINED, /* at a frame of the last walk, whose way out stands */
	FULL, /* at one frame more than there is room for */
	ENDED, /* for the reason in u->end */
};

/* A walk that is being made; u->steps[] has its frames but the one that it joins. */
struct walk {
	struct da_unwind *u;
	struct da_frame at;
	const struct da_trail_frame *next; /* the innermost remembered frame that it may join */
	uint32_t n; /* frames in u->steps[] */
	bool ends_by_rule; /* see struct da_unwind */
};

/* No code lies below: null pointers and small numbers are no unknown modules. */
#define LOWEST_CODE 0x10000

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

static enum verdict apply(struct da_unwind *u, const struct da_rule *rule,
			  const struct da_frame *f, struct da_frame *out)
{
	bool guess = rule->flags & DA_RULE_CHECK;

	if (da_step(rule, f, u->stack_hi, out, &u->end)) {
		if (!guess || is_plausible(u, out))
			return GO;
		u->end = DA_UNWIND_END_NO_RULE;
		return NEXT;
	}
	if (rule->kind == DA_RULE_END)
		return LAST;
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
				const struct da_frame *f, struct da_frame *out,
				struct da_rule *rule)
{
	enum da_unwind_end first_end = DA_UNWIND_END_NO_RULE;
	enum verdict v = NEXT;
	bool found = false;

	for (unsigned i = 0; v == NEXT && da_native_find(q, i, rule); i++) {
		if (rule->kind == DA_RULE_NONE)
			continue;
		v = apply(u, rule, f, out);
		if (!found)
			first_end = u->end;
		found = true;
	}
	if (v == NEXT) {
		u->end = first_end;
		*rule = (struct da_rule){ .kind = DA_RULE_NONE };
	}
	/* A rule that failed on this stack may do on another: only "there is none" is kept. */
	if (!f->exact && (v != NEXT || !found))
		da_cache_put(u, f->pc, rule);
	return v == NEXT ? STOP : v;
}

/* f->pc is not in the cache, or what is there did not fit. */
static enum verdict find_and_step(struct da_unwind *u, const struct da_frame *f,
				  struct da_frame *out, struct da_rule *rule)
{
	struct da_module m;
	struct da_query q = { .module = &m, .pc = f->pc, .exact = f->exact, .mode = u->mode };

	if (!find_module(u, f, &m)) {
		u->end = DA_UNWIND_END_NO_MODULE;
		return STOP;
	}
	return try_sources(u, &q, f, out, rule);
}

/* One step by a rule of any kind. */
static enum verdict advance(struct walk *w, const struct da_frame *f, struct da_frame *out,
			    struct da_packed *taken)
{
	struct da_unwind *u = w->u;
	const struct da_packed *packed = f->exact ? NULL : da_cache_get(u, f->pc);
	enum verdict v = NEXT;
	struct da_rule rule;

	*taken = (struct da_packed){ 0, 0 };
	if (packed) {
		da_packed_get(*packed, &rule);
		v = apply(u, &rule, f, out);
		/* Another rule for this pc: what the last walk made of it says nothing now. */
		if (v == NEXT)
			w->next = &u->trail[-1];
	}
	if (v == NEXT)
		v = find_and_step(u, f, out, &rule);
	if (v == GO && !da_packed_put(taken, &rule))
		*taken = (struct da_packed){ 0, 0 };
	return v;
}

static inline uint32_t state_of(const struct da_frame *f)
{
	return (f->exact ? DA_STATE_EXACT : 0) | (f->sp_lost ? DA_STATE_SP_LOST : 0) |
	       (f->fp_lost ? DA_STATE_FP_LOST : 0);
}

/* Whether the remembered frame @t, which may be joined, is at @f, where the walk has arrived. */
static inline bool is_same(const struct da_unwind *u, const struct da_trail_frame *t,
			   const struct da_frame *f)
{
	if (t->sp != f->sp || u->pcs[t - u->trail] != f->pc)
		return false;
#if DA_CPU_FP2
	if (t->fp2 != f->fp2)
		return false;
#endif
	return (t->fp == f->fp || !t->needs_fp) && !f->exact && t->state == state_of(f);
}

static inline void push(struct walk *w)
{
	struct da_trail_step *s = &w->u->steps[w->n++];

	s->pc = w->at.pc;
	s->sp = w->at.sp;
	s->fp = w->at.fp;
#if DA_CPU_FP2
	s->fp2 = w->at.fp2;
#endif
	s->state = state_of(&w->at);
}

/* Arrive at w->at. */
static enum progress arrive(struct walk *w)
{
	while (w->next->sp < w->at.sp)
		w->next--;
	if (is_same(w->u, w->next, &w->at))
		return JOINED;
	if (w->n == w->u->capacity)
		return FULL;
	push(w);
	return SLOW;
}

static __attribute__((noinline)) enum progress step_slowly(struct walk *w)
{
	struct da_frame from = w->at;
	enum verdict v = advance(w, &from, &w->at, &w->u->steps[w->n - 1].rule);

	if (v == GO)
		return arrive(w);
	w->ends_by_rule = v == LAST && !from.exact;
	return ENDED;
}

/*
 * Step by remembered plain rules, as long as there are such: da_step() without a choice. What a
 * plain rule reads lies below the CFA (packed.h), so that a CFA within the stack, and reads above
 * sp, are all there is to check.
 */
static enum progress run(struct walk *w)
{
	const struct da_unwind *u = w->u;
	struct da_frame f = w->at;
	const struct da_trail_frame *next = w->next;
	struct da_trail_step *s = &u->steps[w->n - 1];
	const struct da_trail_step *last = &u->steps[u->capacity - 1];
	uintptr_t room = u->stack_hi - f.sp;
	enum progress p = SLOW;

	while (!state_of(&w->at)) {
		const struct da_unwind_cache *c = da_cache_look(u, f.pc);
		uintptr_t cfa, ra, fp, pc, word;

		if (c->pc != f.pc || !da_packed_is(c->rule, DA_PACKED_PLAIN))
			break;
		/* above sp */
		cfa = (da_packed_uses(c->rule, DA_RULE_FP) ? f.fp - f.sp : 0) +
		      (uintptr_t)((intptr_t)da_packed_cfa(c->rule) * DA_PACKED_WORD);
		ra = cfa + (uintptr_t)((intptr_t)da_packed_ra(c->rule) * DA_PACKED_WORD);
		fp = cfa + (uintptr_t)((intptr_t)da_packed_fp(c->rule) * DA_PACKED_WORD);
		if (cfa > room || (intptr_t)(ra | fp | -(cfa % sizeof(uintptr_t))) < 0)
			break;
		pc = *(const volatile uintptr_t *)(f.sp + ra) & DA_CPU_PC_MASK;
		word = *(const volatile uintptr_t *)(f.sp + fp);
		if (pc == 0 || (da_packed_has(c->rule, DA_RULE_CHECK) && !da_cache_get(u, pc)))
			break;
		s->rule = c->rule;
		f.pc = pc;
		f.sp += cfa;
		f.fp = da_packed_has(c->rule, DA_RULE_FP_SAVED) ? word : f.fp;
		room -= cfa;
		while (next->sp < f.sp)
			next--;
		p = is_same(u, next, &f) ? JOINED : s == last ? FULL : SLOW;
		if (p != SLOW)
			break;
		s++;
		s->pc = f.pc;
		s->sp = f.sp;
		s->fp = f.fp;
#if DA_CPU_FP2
		s->fp2 = f.fp2;
#endif
		s->state = 0;
	}
	w->n = (uint32_t)(s - u->steps) + 1;
	w->at.pc = f.pc;
	w->at.sp = f.sp;
	w->at.fp = f.fp;
	w->next = next;
	return p;
}

/* Walk to the end, or to where the last walk can be joined. */
static enum progress make_way(struct walk *w, const struct da_unwind_start *start)
{
	enum progress p;

	w->n = 0;
	w->ends_by_rule = false;
	w->at.pc = start->pc;
	w->at.sp = start->sp;
	w->at.fp = start->fp;
	w->at.lr = 0;
	if (DA_CPU_FP2)
		w->at.fp2 = start->s[DA_CPU_FP2_START];
	w->at.exact = false;
	w->at.sp_lost = false;
	w->at.fp_lost = false;
	p = arrive(w);
	while (p == SLOW) {
		p = run(w);
		if (p == SLOW)
			p = step_slowly(w);
	}
	return p;
}

/* Whether the end of the last walk is the end of this one, too, which has @total frames. */
static bool ends_alike(struct walk *w, uint32_t total)
{
	struct da_unwind *u = w->u;
	const struct da_trail_frame *t = &u->trail[0];
	struct da_packed taken;
	struct da_frame outer, f = {
		.pc = u->pcs[0],
		.sp = t->sp,
		.fp = t->fp,
		.sp_lost = t->state & DA_STATE_SP_LOST,
		.fp_lost = t->state & DA_STATE_FP_LOST,
	};

	if (u->ends_by_rule) {
		u->end = DA_UNWIND_END_COMPLETE;
		return true;
	}
	if (DA_CPU_FP2 || t->state & DA_STATE_EXACT)
		return false;
	if (advance(w, &f, &outer, &taken) != GO)
		return true;
	u->end = DA_UNWIND_END_DEPTH;
	return total == u->max_depth;
}

/* @return false when the walk has to be made again, with more room or without joining the last. */
static bool finish(struct walk *w, enum progress p)
{
	struct da_unwind *u = w->u;
	uint32_t at = (uint32_t)(w->next - u->trail);
	bool joined = p == JOINED;

	if (p == FULL || (joined && at + 1 + w->n > u->capacity)) {
		if (da_trail_grow(u) || joined)
			return false;
		u->end = DA_UNWIND_END_DEPTH;
	} else if (joined && !ends_alike(w, at + 1 + w->n)) {
		return false;
	}
	if (!joined)
		u->ends_by_rule = w->ends_by_rule;
	da_trail_keep(u, w->n, joined, at);
	return true;
}

static void walk_own(struct da_unwind *u, const struct da_unwind_start *start)
{
	uint32_t generation = __atomic_load_n(&u->modules->generation, __ATOMIC_ACQUIRE);
	struct walk w = { .u = u };

	if (UNLIKELY(generation != u->generation)) {
		da_unwind_forget(u);
		u->generation = generation;
	}
	if (UNLIKELY(u->stack_hi != u->trail_hi))
		da_trail_clear(u);
	w.next = &u->trail[(int32_t)da_trail_check(u, start->sp) - 1];
	da_trail_clear(u); /* until there is a whole one: a signal handler may end this by a jump */
	while (!finish(&w, make_way(&w, start)))
		w.next = &u->trail[-1];
}

void da_unwind_walk(struct da_unwind *u, const struct da_unwind_start *start)
{
	u->n = 0;
	u->unknown_pc = 0;
	if (LIKELY(u->mode < DA_UNWIND_GCC && DA_CPU_WALKS && u->max_depth)) {
		walk_own(u, start);
		return;
	}
	da_trail_clear(u);
	if (u->mode == DA_UNWIND_NONE)
		u->end = DA_UNWIND_END_OFF;
	else if (u->max_depth == 0)
		u->end = DA_UNWIND_END_DEPTH;
	else
		da_gcc_walk(u, start);
	da_trail_hash(u);
}
