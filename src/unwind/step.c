/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/step.h"

#include "cpu.h"

#define WORD sizeof(uintptr_t)

/* A walk's reads: inside the stack, above the current frame's sp. */
static inline bool read_word(uintptr_t at, uintptr_t lo, uintptr_t hi, uintptr_t *out)
{
	if (at % WORD || at < lo || hi < WORD || at > hi - WORD)
		return false;
	*out = *(const volatile uintptr_t *)at;
	return true;
}

static inline bool fail(enum da_unwind_end why, enum da_unwind_end *end_out)
{
	*end_out = why;
	return false;
}

static bool step_signal(const struct da_rule *r, const struct da_frame *f, uintptr_t hi,
			struct da_frame *out, enum da_unwind_end *end_out)
{
	uintptr_t lo = f->sp;

	if (f->sp_lost || !read_word(lo + (uintptr_t)r->cfa_offset, lo, hi, &out->sp) ||
	    !read_word(lo + (uintptr_t)r->ra_offset, lo, hi, &out->pc) ||
	    !read_word(lo + (uintptr_t)r->fp_offset, lo, hi, &out->fp) ||
	    !read_word(lo + (uintptr_t)(r->fp_offset + DA_CPU_SIGNAL_LR), lo, hi, &out->lr))
		return fail(DA_UNWIND_END_BAD_READ, end_out);
	if (DA_CPU_FP2 &&
	    !read_word(lo + (uintptr_t)(r->fp_offset + DA_CPU_SIGNAL_FP2), lo, hi, &out->fp2))
		return fail(DA_UNWIND_END_BAD_READ, end_out);
	/* A handler on an alternate stack: where it came from is another stack. */
	if (out->sp > hi || out->sp < lo)
		return fail(DA_UNWIND_END_FOREIGN_STACK, end_out);
	out->exact = true;
	out->sp_lost = false;
	out->fp_lost = false;
	return true;
}

static inline uintptr_t base_of(const struct da_rule *r, const struct da_frame *f)
{
	if (DA_CPU_FP2 && r->base == DA_RULE_FP2)
		return f->fp2;
	return r->base == DA_RULE_FP ? f->fp : f->sp;
}

/* The caller's sp; a base of 0 marks the outermost frame for frame-pointer walks. */
static inline bool find_cfa(const struct da_rule *r, const struct da_frame *f, uintptr_t hi,
			    uintptr_t *cfa_out, enum da_unwind_end *end_out)
{
	uintptr_t base = base_of(r, f);

	if (r->base == DA_RULE_FP ? f->fp_lost : f->sp_lost && r->base == DA_RULE_SP)
		return fail(DA_UNWIND_END_NO_RULE, end_out);
	if (base == 0)
		return fail(DA_UNWIND_END_COMPLETE, end_out);
	*cfa_out = base + (uintptr_t)(intptr_t)r->cfa_offset;
	if (r->kind == DA_RULE_REALIGNED && !read_word(*cfa_out, f->sp, hi, cfa_out))
		return fail(DA_UNWIND_END_BAD_READ, end_out);
	if (*cfa_out < f->sp || (*cfa_out == f->sp && !f->exact))
		return fail(DA_UNWIND_END_NOT_ADVANCING, end_out);
	if (*cfa_out > hi)
		return fail(DA_UNWIND_END_BAD_READ, end_out);
	return true;
}

static inline bool find_pc(const struct da_rule *r, const struct da_frame *f, uintptr_t hi,
			   struct da_frame *out, enum da_unwind_end *end_out)
{
	if (r->flags & DA_RULE_RA_IN_LR) {
		if (!f->exact)
			return fail(DA_UNWIND_END_NO_RULE, end_out);
		out->pc = f->lr;
	} else if (!read_word(out->sp + (uintptr_t)(intptr_t)r->ra_offset, f->sp, hi, &out->pc)) {
		return fail(DA_UNWIND_END_BAD_READ, end_out);
	}
	out->pc &= DA_CPU_PC_MASK;
	if (out->pc != 0)
		return true;
	/* A guess that reads 0 is more likely a wrong guess. */
	return fail(r->flags & DA_RULE_CHECK ? DA_UNWIND_END_NO_RULE : DA_UNWIND_END_COMPLETE,
		    end_out);
}

static inline bool find_fp(const struct da_rule *r, const struct da_frame *f, uintptr_t hi,
			   struct da_frame *out)
{
	uintptr_t base = r->kind == DA_RULE_REALIGNED ? f->fp : out->sp;

	if (DA_CPU_FP2) {
		out->fp2 = f->fp2;
		if (r->fp2_words && !read_word(out->sp - r->fp2_words * WORD, f->sp, hi, &out->fp2))
			return false;
	}
	out->fp_lost = f->fp_lost || (r->flags & DA_RULE_FP_LOST);
	out->fp = out->fp_lost ? 0 : f->fp; /* frames that are told apart by it must not be */
	if (!(r->flags & DA_RULE_FP_SAVED))
		return true;
	out->fp_lost = false;
	return read_word(base + (uintptr_t)(intptr_t)r->fp_offset, f->sp, hi, &out->fp);
}

bool da_step(const struct da_rule *r, const struct da_frame *f, uintptr_t stack_hi,
	     struct da_frame *out, enum da_unwind_end *end_out)
{
	switch (r->kind) {
	case DA_RULE_FRAME: break;
	case DA_RULE_REALIGNED: break;
	case DA_RULE_SIGNAL: return step_signal(r, f, stack_hi, out, end_out);
	case DA_RULE_END: return fail(DA_UNWIND_END_COMPLETE, end_out);
	default: return fail(DA_UNWIND_END_NO_RULE, end_out);
	}
	if (!find_cfa(r, f, stack_hi, &out->sp, end_out) || !find_pc(r, f, stack_hi, out, end_out))
		return false;
	out->exact = false;
	out->lr = 0;
	out->sp_lost = r->flags & DA_RULE_SP_LOST;
	return find_fp(r, f, stack_hi, out) || fail(DA_UNWIND_END_BAD_READ, end_out);
}
