/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/trail.h"

static uintptr_t word_at(uintptr_t at)
{
	return *(const volatile uintptr_t *)at;
}

/* Append a word of the way out of the frame @s, if it is @value still. */
static bool put_word(struct da_unwind *u, struct da_trail_sum *s, uintptr_t at, uintptr_t value)
{
	if (word_at(at) != value)
		return false;
	u->words[s->n_words++] = (struct da_trail_word){ at, value };
	return true;
}

/* The return address as it is in memory, where bits of it may be no address. */
static bool put_pc(struct da_unwind *u, struct da_trail_sum *s, uintptr_t at, uintptr_t pc)
{
	uintptr_t raw = word_at(at);

	return (raw & DA_CPU_PC_MASK) == pc && put_word(u, s, at, raw);
}

/* The CFA of a frame that realigned its stack. */
static bool put_cfa(struct da_unwind *u, struct da_trail_sum *s, const struct da_trail_frame *f,
		    uintptr_t cfa)
{
	uintptr_t base = da_packed_uses(f->rule, DA_RULE_FP) ? f->fp : f->sp;

	return put_word(u, s, base + (uintptr_t)da_packed_cfa(f->rule), cfa);
}

/*
 * Append the words of the way out of @f to its caller @out. @return false when one has changed, or
 * the way cannot be checked: one by the kernel's signal frame, or by a link register.
 */
static bool put_words(struct da_unwind *u, struct da_trail_sum *s, const struct da_trail_frame *f,
		      const struct da_trail_frame *out)
{
	unsigned kind = da_packed_kind(f->rule);
	bool realigned = kind == DA_RULE_REALIGNED;
	bool fp = s[-1].needs_fp && da_packed_has(f->rule, DA_RULE_FP_SAVED);

	if ((kind < DA_PACKED_SP && kind != DA_RULE_FRAME && !realigned) ||
	    da_packed_has(f->rule, DA_RULE_RA_IN_LR))
		return false;
#if DA_CPU_FP2
	if (f->rule.tail & 0xff &&
	    !put_word(u, s, out->sp - (f->rule.tail & 0xff) * DA_PACKED_WORD, out->fp2))
		return false;
#endif
	return put_pc(u, s, out->sp + (uintptr_t)da_packed_ra(f->rule), out->pc) &&
	       (!realigned || put_cfa(u, s, f, out->sp)) &&
	       (!fp ||
		put_word(u, s, (realigned ? f->fp : out->sp) + (uintptr_t)da_packed_fp(f->rule),
			 out->fp));
}

/* Whether the way out of @f depends on its fp, when that out of its caller does so if @out_does. */
static bool needs_fp(const struct da_trail_frame *f, bool out_does)
{
	if (da_packed_uses(f->rule, DA_RULE_FP) || da_packed_kind(f->rule) == DA_RULE_REALIGNED)
		return true;
	return out_does && !da_packed_has(f->rule, DA_RULE_FP_SAVED) &&
	       !da_packed_has(f->rule, DA_RULE_FP_LOST);
}

/* Prepare the frame @i, whose caller is prepared. @return false when its words have changed. */
static bool prepare(struct da_unwind *u, uint32_t i)
{
	const uint32_t most = u->capacity * DA_TRAIL_WORDS_KEPT;
	const struct da_trail_frame *f = &u->frames[i];
	struct da_trail_sum *s = &u->sums[i];
	const struct da_trail_sum *out = s - 1;

	s->n_words = out->n_words;
	if (i == 0)
		s->needs_fp = !u->ends_by_rule;
	else if (s->n_words + DA_TRAIL_WORDS_PER_FRAME > most || !put_words(u, s, f, f - 1))
		return false;
	else
		s->needs_fp = needs_fp(f, out->needs_fp);
	s->hash = out->hash +
		  out->power * da_trail_roll(0, f->pc, da_trail_state(f) & DA_STATE_EXACT);
	s->power = da_trail_roll(out->power, 0, false);
	return true;
}

/*
 * prepare() for frames from @i on, below @n, whose rules start from sp and whose ways out depend on
 * no fp: most are such. @return the first that is not prepared.
 */
static uint32_t prepare_plain(struct da_unwind *u, uint32_t i, uint32_t n)
{
	const uint32_t most = u->capacity * DA_TRAIL_WORDS_KEPT;
	struct da_trail_sum s = u->sums[(int32_t)i - 1];

	if (i == 0 || s.needs_fp)
		return i;
	for (; i < n && s.n_words < most; i++) {
		const struct da_trail_frame *f = &u->frames[i];
		uintptr_t at = f[-1].sp + (uintptr_t)da_packed_fast_ra(f->rule), raw;

		if (da_packed_kind(f->rule) != DA_PACKED_SP)
			break;
		raw = word_at(at);
		if ((raw & DA_CPU_PC_MASK) != f[-1].pc)
			break;
		u->words[s.n_words++] = (struct da_trail_word){ at, raw };
		s.hash += s.power * da_trail_roll(0, f->pc, da_trail_state(f) & DA_STATE_EXACT);
		s.power = da_trail_roll(s.power, 0, false);
		u->sums[i] = s;
	}
	return i;
}

uint32_t da_trail_check(struct da_unwind *u, uintptr_t sp)
{
	const struct da_trail_word *w = u->words;
	uint32_t n = u->trail_n, checked, n_words, i = 0;

	while (n && u->frames[n - 1].sp < sp)
		n--;
	checked = u->checked_n < n ? u->checked_n : n;
	n_words = u->sums[(int32_t)checked - 1].n_words;
	while (i < n_words && word_at(w[i].at) == w[i].value)
		i++;
	if (i < n_words) {
		while (u->sums[checked - 1].n_words > i)
			checked--;
		n = checked;
	}
	while ((checked = prepare_plain(u, checked, n)) < n && prepare(u, checked))
		checked++;
	u->trail_n = u->checked_n = checked;
	return checked;
}
