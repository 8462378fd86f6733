/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/arm/scan.h"

#include "unwind/arm/insn.h"

/* How far back a prologue is looked for, in bytes. */
#define MAX_BACK 262144u
/* Decoding Thumb code from any place is right after some instructions. */
#define SYNC_BYTES 48u
/* Where the registers of variable arguments may be pushed before lr is. */
#define ARGUMENTS_BYTES 16u

/* A function's frame. Distances are in bytes below the CFA. */
struct frame {
	int32_t depth; /* of sp */
	int32_t ra, r7, r11; /* of their slots; 0: not saved */
	bool has_fp, has_fp2; /* r11, r7 are frame pointers */
	int32_t fp, fp2; /* what they point to */
	bool dynamic; /* sp was changed by an amount that is not known */
	bool settled; /* the prologue is over */
};

static int32_t pushed_bytes(const struct da_arm_insn *i)
{
	return 4 * __builtin_popcount(i->mask) + i->imm;
}

/* The slot of register @r in a push that left sp at @depth. */
static int32_t slot(const struct da_arm_insn *i, unsigned r, int32_t depth)
{
	return depth - 4 * __builtin_popcount(i->mask & ((1u << r) - 1));
}

static void note_push(struct frame *f, const struct da_arm_insn *i)
{
	f->depth += pushed_bytes(i);
	if (i->mask >> DA_ARM_LR & 1 && !f->ra)
		f->ra = slot(i, DA_ARM_LR, f->depth);
	if (i->mask >> DA_ARM_R7 & 1 && !f->r7)
		f->r7 = slot(i, DA_ARM_R7, f->depth);
	if (i->mask >> DA_ARM_R11 & 1 && !f->r11)
		f->r11 = slot(i, DA_ARM_R11, f->depth);
}

static void note_from_sp(struct frame *f, const struct da_arm_insn *i)
{
	if (i->reg == DA_ARM_R7 && f->r7) {
		f->has_fp2 = true;
		f->fp2 = f->depth - i->imm;
	} else if (i->reg == DA_ARM_R11 && f->r11) {
		f->has_fp = true;
		f->fp = f->depth - i->imm;
	}
}

static void note(struct frame *f, const struct da_arm_insn *i)
{
	switch (i->op) {
	case DA_ARM_DYNAMIC: f->dynamic = true; break;
	case DA_ARM_CALL: /* fall through */
	case DA_ARM_BRANCH: f->settled = true; break;
	}
	if (f->settled)
		return;
	switch (i->op) {
	case DA_ARM_PUSH: note_push(f, i); break;
	case DA_ARM_MOVE_SP: f->depth -= i->imm; break;
	case DA_ARM_FROM_SP: note_from_sp(f, i); break;
	}
}

/*
 * Functions with variable arguments, or some that begin in registers, first push these ({r3} to
 * {r0-r3}) or make room for them.
 */
static int32_t find_arguments(const struct da_image *text, da_addr at, bool thumb)
{
	unsigned step = thumb ? 2 : 4;
	struct da_arm_insn i;

	for (unsigned back = step; back <= ARGUMENTS_BYTES && at >= back; back += step) {
		da_arm_decode(text, at - back, thumb, &i);
		if (i.op == DA_ARM_BRANCH || i.op == DA_ARM_CALL)
			return 0;
		if (i.op == DA_ARM_PUSH &&
		    (i.mask == 8 || i.mask == 12 || i.mask == 14 || i.mask == 15))
			return pushed_bytes(&i);
		if (i.op == DA_ARM_MOVE_SP && i.imm < 0 && i.imm >= -16)
			return -i.imm;
	}
	return 0;
}

static bool conclude(const struct frame *f, struct da_rule *rule)
{
	if (f->ra <= 0 || f->depth < f->ra || f->r7 / 4 > 255)
		return false;
	rule->kind = DA_RULE_FRAME;
	rule->base = DA_RULE_SP;
	rule->flags = (uint8_t)(DA_RULE_CHECK | (f->r11 ? DA_RULE_FP_SAVED : 0));
	rule->fp2_words = (uint8_t)(f->r7 / 4);
	rule->cfa_offset = f->depth;
	rule->ra_offset = -f->ra;
	rule->fp_offset = -f->r11;
	if (f->dynamic && f->has_fp) {
		rule->base = DA_RULE_FP;
		rule->cfa_offset = f->fp;
	} else if (f->dynamic && f->has_fp2) {
		rule->base = DA_RULE_FP2;
		rule->cfa_offset = f->fp2;
	}
	return true;
}

/* Read from the push of lr at @at up to @pc. Data between functions' parts may put it off. */
static bool read_frame(const struct da_image *text, da_addr at, da_addr pc, bool thumb,
		       struct da_rule *rule)
{
	struct frame f = { .depth = find_arguments(text, at, thumb) };
	struct da_arm_insn i;

	while (at < pc) {
		da_arm_decode(text, at, thumb, &i);
		if (i.size == 0)
			return false;
		note(&f, &i);
		at += i.size;
	}
	return conclude(&f, rule);
}

/* Whether decoding from before @at arrives there. */
static bool is_instruction(const struct da_image *text, da_addr at)
{
	da_addr p = at - text->lo < SYNC_BYTES ? text->lo : at - SYNC_BYTES;
	struct da_arm_insn i;

	/* no first half of anything lies before it */
	if (at - text->lo < 2 || da_arm_half(text, at - 2) < 0xe800)
		return true;
	while (p < at) {
		da_arm_decode(text, p, true, &i);
		if (i.size == 0)
			return false;
		p += i.size;
	}
	return p == at;
}

/* A push of lr by a compiler: of r0 to r3, pushed for their room, none between is left out. */
static bool is_prologue(const struct da_arm_insn *i)
{
	unsigned low = i->mask & 15u;

	return i->op == DA_ARM_PUSH && i->mask >> DA_ARM_LR & 1 && i->imm >= 0 &&
	       !((low + (low & -low)) & low);
}

bool da_arm_scan_prologue(const struct da_image *text, da_addr pc, bool thumb, bool any,
			  struct da_rule *rule_out)
{
	unsigned step = thumb ? 2 : 4;
	struct da_arm_insn i;

	for (da_addr at = pc; at >= text->lo + step && pc - at < MAX_BACK;) {
		at -= step;
		da_arm_decode(text, at, thumb, &i);
		if (is_prologue(&i) && (any || !thumb || is_instruction(text, at)))
			return read_frame(text, at, pc, thumb, rule_out);
	}
	return false;
}
