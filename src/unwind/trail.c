/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/trail.h"

/* 2^64 divided by the golden ratio, odd */
#define MULTIPLIER 0x9e3779b97f4a7c15u

/* A word that is never as remembered: for ways out that cannot be checked. */
static const uintptr_t never;

static inline uint64_t roll(uint64_t h, uintptr_t pc, bool exact)
{
	h = (h ^ pc ^ (uint64_t)exact << 63) * MULTIPLIER;
	return h ^ h >> 32;
}

uint32_t da_trail_check(const struct da_unwind *u, uintptr_t sp)
{
	const struct da_trail_word *w = u->words;
	uint32_t n = u->trail_n, n_words, i = 0;

	while (n && u->trail[n - 1].sp < sp)
		n--;
	if (!n)
		return 0;
	n_words = u->trail[n - 1].n_words;
	while (i < n_words && *(const volatile uintptr_t *)w[i].at == w[i].value)
		i++;
	if (i < n_words)
		while (u->trail[n - 1].n_words > i)
			n--;
	return n;
}

/* The walk's way out of @s, to the caller at @out, as words to compare. @return how many */
static uint32_t put_words(struct da_trail_word *w, const struct da_trail_step *s,
			  const struct da_trail_step *out, bool out_needs_fp)
{
	uintptr_t ra = out->sp + (uintptr_t)((intptr_t)da_packed_ra(s->rule) * DA_PACKED_WORD);
	intptr_t fp = (intptr_t)da_packed_fp(s->rule) * DA_PACKED_WORD;
	uint32_t n = 1;

	w[0] = (struct da_trail_word){ (uintptr_t)&never, 1 };
	if (!da_packed_is(s->rule, DA_PACKED_PLAIN) && !da_packed_is(s->rule, DA_RULE_FRAME) &&
	    !da_packed_is(s->rule, DA_RULE_REALIGNED))
		return n;
	if (da_packed_has(s->rule, DA_RULE_RA_IN_LR) ||
	    (*(const volatile uintptr_t *)ra & DA_CPU_PC_MASK) != out->pc)
		return n;
	w[0] = (struct da_trail_word){ ra, *(const volatile uintptr_t *)ra };
	if (da_packed_is(s->rule, DA_RULE_REALIGNED)) {
		uintptr_t base = da_packed_uses(s->rule, DA_RULE_FP) ? s->fp : s->sp;

		w[n].at = base + (uintptr_t)((intptr_t)da_packed_cfa(s->rule) * DA_PACKED_WORD);
		w[n++].value = out->sp;
		if (out_needs_fp && da_packed_has(s->rule, DA_RULE_FP_SAVED))
			w[n++] = (struct da_trail_word){ s->fp + (uintptr_t)fp, out->fp };
	} else if (out_needs_fp && da_packed_has(s->rule, DA_RULE_FP_SAVED)) {
		w[n++] = (struct da_trail_word){ out->sp + (uintptr_t)fp, out->fp };
	}
#if DA_CPU_FP2
	if (s->rule.tail & 0xff)
		w[n++] = (struct da_trail_word){ out->sp - (s->rule.tail & 0xff) * DA_PACKED_WORD,
						 out->fp2 };
#endif
	return n;
}

/* Whether the way out of @s depends on its fp. */
static bool needs_fp(const struct da_trail_step *s, bool out_needs_fp)
{
	if (da_packed_uses(s->rule, DA_RULE_FP) || da_packed_is(s->rule, DA_RULE_REALIGNED))
		return true;
	return out_needs_fp && !da_packed_has(s->rule, DA_RULE_FP_SAVED) &&
	       !da_packed_has(s->rule, DA_RULE_FP_LOST);
}

static void fill(struct da_unwind *u, uint32_t i, const struct da_trail_step *s, uint64_t h)
{
	struct da_trail_frame *f = &u->trail[i];
	bool exact = s->state & DA_STATE_EXACT;

	u->pcs[i] = s->pc;
	u->exact[i] = exact;
	f->sp = s->sp;
	f->fp = s->fp;
#if DA_CPU_FP2
	f->fp2 = s->fp2;
#endif
	f->state = (uint8_t)s->state;
	f->hash = roll(h, s->pc, exact);
}

/* The remembered frame @i as the step that would make it. */
static void get_step(const struct da_unwind *u, uint32_t i, struct da_trail_step *out)
{
	const struct da_trail_frame *f = &u->trail[i];

	out->pc = u->pcs[i];
	out->sp = f->sp;
	out->fp = f->fp;
#if DA_CPU_FP2
	out->fp2 = f->fp2;
#endif
}

void da_trail_keep(struct da_unwind *u, uint32_t n, bool joined, uint32_t at)
{
	uint32_t i = joined ? at + 1 : 0, kept = i + n;
	const uint32_t most = u->capacity * DA_TRAIL_WORDS_KEPT - DA_TRAIL_WORDS_PER_FRAME;
	struct da_trail_step outermost;
	const struct da_trail_step *out = &outermost;

	if (joined)
		get_step(u, at, &outermost);
	for (; n-- > 0; out = &u->steps[n], i++) {
		const struct da_trail_frame *before = &u->trail[(int32_t)i - 1];
		struct da_trail_frame *f = &u->trail[i];

		fill(u, i, &u->steps[n], before->hash);
		f->n_words = before->n_words;
		f->needs_fp = needs_fp(&u->steps[n], before->needs_fp);
		if (i == 0)
			f->needs_fp = !u->ends_by_rule;
		else if (f->n_words <= most)
			f->n_words += put_words(&u->words[f->n_words], &u->steps[n], out,
						before->needs_fp);
		else
			kept = i < kept ? i : kept;
	}
	u->n = i;
	u->trail_n = kept;
	u->trail_hi = u->stack_hi;
	u->hash = da_trail_end_hash(u->trail[(int32_t)i - 1].hash, u->end);
}

void da_trail_hash(struct da_unwind *u)
{
	uint64_t h = u->trail[-1].hash;

	for (uint32_t i = 0; i < u->n; i++)
		h = roll(h, u->pcs[i], u->exact[i]);
	u->hash = da_trail_end_hash(h, u->end);
}
