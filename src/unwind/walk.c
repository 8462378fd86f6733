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

/* A walk that is being made: downwards from @top, so that its frames lie outermost first. */
struct walk {
	struct da_unwind *u;
	struct da_frame at;
	const struct da_trail_frame *next; /* the innermost remembered frame that it may join */
	struct da_trail_frame *slot; /* of the frame that was found last */
	struct da_trail_frame *top; /* of the innermost */
	uint64_t hash; /* of the frames in [slot, top] */
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

static enum verdict apply(struct da_unwind *u, const struct da_rule *rule, const struct da_frame *f,
			  struct da_frame *out)
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
			w->next = &u->frames[-1];
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

/* Frames that have been found and do not belong to the last walk. */
static inline uint32_t n_found(const struct walk *w)
{
	return (uint32_t)(w->top + 1 - w->slot);
}

/* Whether the remembered frame @t, which may be joined, is the one where the walk has arrived. */
static bool is_same(const struct da_unwind *u, const struct da_trail_frame *t,
		    const struct da_frame *f)
{
#if DA_CPU_FP2
	if (t->fp2 != f->fp2)
		return false;
#endif
	return t->sp == f->sp && t->pc == f->pc && !f->exact && da_trail_state(t) == state_of(f) &&
	       (t->fp == f->fp || !u->sums[t - u->frames].needs_fp);
}

static void move(struct da_trail_frame *to, const struct da_trail_frame *from, uint32_t n)
{
	if (to < from)
		for (uint32_t i = 0; i < n; i++)
			to[i] = from[i];
	else if (to > from)
		while (n-- > 0)
			to[n] = from[n];
}

/* The next slot below is taken by a frame that may be joined yet: go on at the end of the array. */
static void make_room(struct walk *w)
{
	uint32_t n = n_found(w);
	struct da_trail_frame *to = w->u->frames + 2 * w->u->capacity - n;

	move(to, w->slot, n);
	w->slot = to;
	w->top = to + n - 1;
}

/* Arrive at w->at. */
static enum progress arrive(struct walk *w)
{
	struct da_trail_frame *f;

	while (w->next->sp < w->at.sp)
		w->next--;
	if (w->next->sp == w->at.sp) {
		if (is_same(w->u, w->next, &w->at))
			return JOINED;
		w->next--;
	}
	if (n_found(w) == w->u->capacity)
		return FULL;
	if (w->slot - 1 <= w->next)
		make_room(w);
	f = --w->slot;
	f->pc = w->at.pc;
	f->sp = w->at.sp;
	f->fp = w->at.fp;
#if DA_CPU_FP2
	f->fp2 = w->at.fp2;
#endif
	w->hash = da_trail_roll(w->hash, f->pc, w->at.exact);
	return SLOW;
}

static __attribute__((noinline)) enum progress step_slowly(struct walk *w)
{
	struct da_frame from = w->at;
	struct da_packed rule;
	enum verdict v = advance(w, &from, &w->at, &rule);

	rule.head |= state_of(&from) << DA_PACKED_STATE_SHIFT;
	w->slot->rule = rule;
	if (v == GO)
		return arrive(w);
	w->ends_by_rule = v == LAST && !from.exact;
	return ENDED;
}

/*
 * Step by remembered rules that are DA_PACKED_SP or DA_PACKED_FP, as long as there are such:
 * da_step() and arrive() without what they cannot need here. What is left to check is that the CFA
 * lies within the stack and, from fp, that the words read lie above sp and are aligned.
 *
 * @return whether w->at has yet to be arrived at; else the next step needs another rule.
 */
static bool dash(struct walk *w)
{
	const struct da_unwind *u = w->u;
	const struct da_trail_frame *next = w->next, *last = w->top + 1 - u->capacity;
	struct da_trail_frame *slot = w->slot;
	uintptr_t pc = w->at.pc, sp = w->at.sp, fp = w->at.fp, caller, saved;
	uint64_t hash = w->hash;
	bool arrives = false;

	while (!state_of(&w->at)) {
		const struct da_unwind_cache *c = da_cache_look(u, pc);
		/* no copy of the rule: gcc would keep that in a vector register, which is slow */
		intptr_t cfa = da_packed_plain_cfa(c->rule); /* from sp */

		if (UNLIKELY(c->pc != pc))
			break;
		if (da_packed_kind(c->rule) == DA_PACKED_FP) {
			cfa += (intptr_t)(fp - sp);
			if (((cfa + da_packed_fast_ra(c->rule)) | (cfa + da_packed_fp(c->rule)) |
			     -(cfa & (DA_PACKED_WORD - 1))) < 0)
				break;
		} else if (UNLIKELY(da_packed_kind(c->rule) != DA_PACKED_SP)) {
			break;
		}
		if (UNLIKELY((uintptr_t)cfa > u->stack_hi - sp))
			break;
		caller = *(const uintptr_t *)(sp + (uintptr_t)(cfa + da_packed_fast_ra(c->rule))) &
			 DA_CPU_PC_MASK;
		saved = *(const uintptr_t *)(sp + (uintptr_t)(cfa + da_packed_fp(c->rule)));
		if (UNLIKELY(!caller) ||
		    (UNLIKELY(da_packed_has(c->rule, DA_RULE_CHECK)) && !da_cache_get(u, caller)))
			break;
		slot->rule = c->rule;
		pc = caller;
		sp += (uintptr_t)cfa;
		fp = da_packed_has(c->rule, DA_RULE_FP_SAVED) ? saved : fp;
		while (next->sp < sp)
			next--;
		arrives = next->sp == sp || slot - 1 <= next || slot == last;
		if (UNLIKELY(arrives))
			break;
		slot--;
		slot->pc = pc;
		slot->sp = sp;
		slot->fp = fp;
#if DA_CPU_FP2
		slot->fp2 = w->at.fp2;
#endif
		hash = da_trail_roll(hash, pc, false);
	}
	w->slot = slot;
	w->next = next;
	w->hash = hash;
	w->at.pc = pc;
	w->at.sp = sp;
	w->at.fp = fp;
	return arrives;
}

/* Walk to the end, or to where the last walk can be joined. @n: frames there are, by a guess. */
static enum progress make_way(struct walk *w, const struct da_unwind_start *start, uint32_t n)
{
	enum progress p;

	w->slot = w->u->frames + n;
	w->top = w->slot - 1;
	w->hash = 0;
	w->ends_by_rule = false;
	w->at.pc = start->pc;
	w->at.sp = start->sp;
	w->at.fp = start->fp;
	w->at.lr = 0;
	if (DA_CPU_FP2)
		w->at.fp2 = start->s[DA_CPU_FP2_START];
	w->at.exact = false;
	/* not from a misaligned sp: only a rule based on fp leads on */
	w->at.sp_lost = start->sp % sizeof start->sp;
	w->at.fp_lost = false;
	p = arrive(w);
	while (p == SLOW)
		p = dash(w) ? arrive(w) : step_slowly(w);
	return p;
}

/* Whether the end of the last walk is the end of this one, too, which has @total frames. */
static bool ends_alike(struct walk *w, uint32_t total)
{
	struct da_unwind *u = w->u;
	const struct da_trail_frame *t = &u->frames[0];
	uint32_t state = da_trail_state(t);
	struct da_packed rule;
	struct da_frame outer, f = {
		.pc = t->pc,
		.sp = t->sp,
		.fp = t->fp,
		.sp_lost = state & DA_STATE_SP_LOST,
		.fp_lost = state & DA_STATE_FP_LOST,
	};

	if (u->ends_by_rule) {
		u->end = DA_UNWIND_END_COMPLETE;
		return true;
	}
	if (DA_CPU_FP2 || state & DA_STATE_EXACT)
		return false;
	if (advance(w, &f, &outer, &rule) != GO)
		return true;
	u->end = DA_UNWIND_END_DEPTH;
	return total == u->max_depth;
}

/* Where a signal handler may end the walk by a jump, and what is in memory then counts. */
static inline void in_this_order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Make the walk the result, and the trail. @joined: index of the frame that it joins, or -1 */
static void keep(struct walk *w, int32_t joined)
{
	struct da_unwind *u = w->u;
	const struct da_trail_sum *s = &u->sums[joined];
	uint32_t n = n_found(w);

	move(&u->frames[joined + 1], w->slot, n);
	u->n = (uint32_t)(joined + 1) + n;
	u->hash = da_trail_end_hash(w->hash * s->power + s->hash, u->end);
	u->trail_hi = u->stack_hi;
	in_this_order();
	u->checked_n = (uint32_t)(joined + 1);
	u->trail_n = u->n;
}

/* @return false when the walk has to be made again, with more room or without joining the last. */
static bool finish(struct walk *w, enum progress p)
{
	struct da_unwind *u = w->u;
	int32_t at = p == JOINED ? (int32_t)(w->next - u->frames) : -1;
	uint32_t total = n_found(w) + (uint32_t)(at + 1);

	if (p == JOINED) {
		if (total > u->capacity || !ends_alike(w, total)) {
			da_trail_grow(u);
			return false;
		}
	} else {
		if (p == FULL && da_trail_grow(u))
			return false;
		if (p == FULL)
			u->end = DA_UNWIND_END_DEPTH;
		u->ends_by_rule = w->ends_by_rule;
	}
	keep(w, at);
	return true;
}

static void walk_own(struct da_unwind *u, const struct da_unwind_start *start)
{
	uint32_t generation = __atomic_load_n(&u->modules->generation, __ATOMIC_ACQUIRE);
	struct walk w = { .u = u };
	uint32_t n = u->n;

	if (UNLIKELY(generation != u->generation)) {
		da_unwind_forget(u);
		u->generation = generation;
	}
	if (UNLIKELY(u->stack_hi != u->trail_hi))
		da_trail_clear(u);
	w.next = u->frames + (int32_t)da_trail_check(u, start->sp) - 1;
	da_trail_clear(u); /* until there is a whole one: a signal handler may end this by a jump */
	in_this_order();
	while (!finish(&w, make_way(&w, start, n))) {
		w.next = &u->frames[-1];
		n = 0;
	}
}

void da_unwind_walk(struct da_unwind *u, const struct da_unwind_start *start)
{
	u->unknown_pc = 0;
	u->is_listed = false;
	if (LIKELY(u->mode < DA_UNWIND_GCC && DA_CPU_WALKS && u->max_depth)) {
		walk_own(u, start);
		return;
	}
	da_trail_clear(u);
	u->n = 0;
	u->end = u->mode == DA_UNWIND_NONE ? DA_UNWIND_END_OFF : DA_UNWIND_END_DEPTH;
	u->hash = da_trail_end_hash(0, u->end);
	if (u->mode != DA_UNWIND_NONE && u->max_depth)
		da_gcc_walk(u, start);
}
