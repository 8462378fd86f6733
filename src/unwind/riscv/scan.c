/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/riscv/scan.h"

#include "base/bytes.h"
#include "unwind/riscv/insn.h"

/* How far back a prologue is looked for, in bytes, and how far on a return, in instructions. */
#define MAX_BACK 262144u
#define MAX_STEPS 4096u
/* Most instructions to decode from all possible prologues of a pc together. */
#define MAX_TRIED 32768u
/* The size of a large frame may be computed before sp is first moved. */
#define BYTES_BEFORE 32u

/* Registers whose values are known: a bit for each in known. */
struct constants {
	uint32_t known;
	int32_t value[32];
};

static bool is_known(const struct constants *c, unsigned reg)
{
	return reg != DA_RISCV_ZERO && c->known >> reg & 1;
}

static void track_constants(struct constants *c, const struct da_riscv_insn *i)
{
	uint32_t value = (uint32_t)i->imm;
	bool known = i->op == DA_RISCV_LUI || (i->op == DA_RISCV_ADDI && i->rs1 == DA_RISCV_ZERO);

	if (i->op == DA_RISCV_ADDI && is_known(c, i->rs1)) {
		value += (uint32_t)c->value[i->rs1];
		known = true;
	}
	c->known &= ~(1u << i->rd);
	if (known) {
		c->known |= 1u << i->rd;
		c->value[i->rd] = (int32_t)value;
	}
}

/* Whether @i changes sp by a known amount, negative downwards. */
static bool moves_sp(const struct da_riscv_insn *i, const struct constants *c, int32_t *by_out)
{
	if (i->rd != DA_RISCV_SP || i->rs1 != DA_RISCV_SP)
		return false;
	if (i->op == DA_RISCV_ADDI)
		*by_out = i->imm;
	else if (i->op == DA_RISCV_ADD && is_known(c, i->rs2))
		*by_out = c->value[i->rs2];
	else if (i->op == DA_RISCV_SUB && is_known(c, i->rs2))
		*by_out = -c->value[i->rs2];
	else
		return false;
	return true;
}

/* ---- backward -------------------------------------------------------------------------------- */

/* A function's frame on the way from its prologue to the pc. Distances are below the CFA. */
struct frame {
	struct constants c;
	int32_t depth; /* of sp */
	int32_t ra, s0; /* of their slots; 0: not saved */
	bool has_fp; /* s0 = CFA */
	bool dynamic; /* sp was changed by an amount that is not known */
};

static void note(struct frame *f, const struct da_riscv_insn *i)
{
	int32_t by;

	if (moves_sp(i, &f->c, &by)) {
		/* upwards: an epilogue with more code behind it */
		f->depth -= by < 0 ? by : 0;
	} else if (i->op == DA_RISCV_STORE && i->rs1 == DA_RISCV_SP && i->rs2 == DA_RISCV_RA) {
		f->ra = f->ra ? f->ra : f->depth - i->imm;
	} else if (i->op == DA_RISCV_STORE && i->rs1 == DA_RISCV_SP && i->rs2 == DA_RISCV_S0) {
		f->s0 = f->s0 ? f->s0 : f->depth - i->imm;
	} else if (i->op == DA_RISCV_ADDI && i->rd == DA_RISCV_S0 && i->rs1 == DA_RISCV_SP) {
		f->has_fp = f->has_fp || (f->s0 && i->imm == f->depth);
	} else if (i->rd == DA_RISCV_SP && i->op != DA_RISCV_STORE) {
		f->dynamic = f->dynamic || i->rs1 != DA_RISCV_S0;
	}
	track_constants(&f->c, i);
}

/* The constants that the instructions right before @at make. */
static void find_constants(const struct da_image *text, da_addr at, struct constants *c)
{
	struct da_riscv_insn i;
	da_addr p = at - text->lo < BYTES_BEFORE ? text->lo : at - BYTES_BEFORE;

	while (p < at) {
		da_riscv_decode(text, p, &i);
		/* of a jump's way on, or out of step */
		if (i.size == 0 || p + i.size > at || i.op >= DA_RISCV_CALL)
			c->known = 0;
		else
			track_constants(c, &i);
		p += i.size && p + i.size <= at ? i.size : 2;
	}
}

/* Decode from @at, where sp is at the CFA, up to @pc; @left: steps that may be made yet. */
static bool arrive(const struct da_image *text, da_addr at, da_addr pc, struct frame *f,
		   unsigned *left)
{
	struct da_riscv_insn i;

	while (at < pc && *left) {
		--*left;
		da_riscv_decode(text, at, &i);
		if (i.size == 0)
			return false;
		note(f, &i);
		at += i.size;
	}
	return at == pc && f->ra > 0 && (f->has_fp || !f->dynamic);
}

static void conclude(const struct frame *f, struct da_rule *rule)
{
	rule->kind = DA_RULE_FRAME;
	rule->base = f->dynamic && f->has_fp ? DA_RULE_FP : DA_RULE_SP;
	rule->flags = (uint8_t)(DA_RULE_CHECK | (f->s0 ? DA_RULE_FP_SAVED : 0));
	rule->cfa_offset = rule->base == DA_RULE_FP ? 0 : f->depth;
	rule->ra_offset = -f->ra;
	rule->fp_offset = -f->s0;
}

bool da_riscv_scan_prologue(const struct da_image *text, da_addr pc, struct da_rule *rule_out)
{
	struct da_riscv_insn i;
	unsigned left = MAX_TRIED;

	for (da_addr at = pc; at >= text->lo + 2 && pc - at < MAX_BACK && left;) {
		struct frame f;

		at -= 2;
		da_riscv_decode(text, at, &i);
		if (i.op != DA_RISCV_ADDI || i.rd != DA_RISCV_SP || i.rs1 != DA_RISCV_SP ||
		    i.imm >= 0)
			continue;
		da_zero(&f, sizeof f);
		find_constants(text, at, &f.c);
		if (!arrive(text, at, pc, &f, &left))
			continue;
		conclude(&f, rule_out);
		return true;
	}
	return false;
}

/* ---- forward --------------------------------------------------------------------------------- */

/* The way from the pc to a return. Offsets are from the base; slots as long as they are set. */
struct way {
	struct constants c;
	bool from_fp; /* the base is s0, not sp */
	bool has_ra, has_s0;
	int32_t sp, ra, s0;
	bool exact;
};

enum outcome {
	ONWARD,
	RETURNED,
	LOST
};

static void load(struct way *w, const struct da_riscv_insn *i)
{
	if (i->rs1 != DA_RISCV_SP)
		return;
	if (i->rd == DA_RISCV_RA) {
		w->has_ra = true;
		w->ra = w->sp + i->imm;
	} else if (i->rd == DA_RISCV_S0) {
		w->has_s0 = true;
		w->s0 = w->sp + i->imm;
	}
}

static enum outcome sum(struct way *w, const struct da_riscv_insn *i)
{
	int32_t by;

	if (moves_sp(i, &w->c, &by)) {
		w->sp += by;
		/* another function's prologue, unless our own was interrupted */
		return by < 0 && !w->exact ? LOST : ONWARD;
	}
	if (i->rd != DA_RISCV_SP)
		return ONWARD;
	if (i->op != DA_RISCV_ADDI || i->rs1 != DA_RISCV_S0 || w->has_s0)
		return LOST;
	w->from_fp = true;
	w->sp = i->imm;
	return ONWARD;
}

static enum outcome jump(const struct way *w, const struct da_riscv_insn *i, da_addr *at)
{
	bool down = w->has_ra && w->sp > 0;

	if (i->op == DA_RISCV_JUMP_REGISTER)
		return i->rs1 == DA_RISCV_RA ? (w->has_ra || w->exact ? RETURNED : LOST) :
		       down                  ? RETURNED :
					       LOST;
	/* a tail call, or a jump to the epilogue */
	if (down)
		return RETURNED;
	*at += (da_addr)((int64_t)i->imm - i->size);
	return ONWARD;
}

static enum outcome follow(struct way *w, const struct da_image *text, da_addr *at)
{
	struct da_riscv_insn i;
	enum outcome o = ONWARD;

	da_riscv_decode(text, *at, &i);
	if (i.size == 0)
		return LOST;
	*at += i.size;
	switch (i.op) {
	case DA_RISCV_LOAD: load(w, &i); break;
	case DA_RISCV_CALL: w->has_ra = false; break;
	case DA_RISCV_JUMP: /* fall through */
	case DA_RISCV_JUMP_REGISTER: return jump(w, &i, at);
	case DA_RISCV_ADDI: /* fall through */
	case DA_RISCV_ADD: /* fall through */
	case DA_RISCV_SUB: o = sum(w, &i); break;
	}
	track_constants(&w->c, &i);
	return o;
}

static bool take_down(const struct way *w, struct da_rule *rule)
{
	if (w->sp < 0 || (w->sp == 0 && !w->exact && !w->from_fp) || (!w->has_ra && !w->exact))
		return false;
	rule->kind = DA_RULE_FRAME;
	rule->base = w->from_fp ? DA_RULE_FP : DA_RULE_SP;
	rule->flags = (uint8_t)(DA_RULE_CHECK | (w->has_ra ? 0 : DA_RULE_RA_IN_LR) |
				(w->has_s0 ? DA_RULE_FP_SAVED : 0));
	rule->cfa_offset = w->sp;
	rule->ra_offset = w->has_ra ? w->ra - w->sp : 0;
	rule->fp_offset = w->has_s0 ? w->s0 - w->sp : 0;
	return true;
}

bool da_riscv_scan_epilogue(const struct da_image *text, da_addr pc, bool exact,
			    struct da_rule *rule_out)
{
	struct way w;
	enum outcome o = ONWARD;

	da_zero(&w, sizeof w);
	w.exact = exact;
	for (unsigned n = 0; o == ONWARD && n < MAX_STEPS; n++)
		o = follow(&w, text, &pc);
	return o == RETURNED && take_down(&w, rule_out);
}
