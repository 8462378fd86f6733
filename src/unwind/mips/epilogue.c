/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/scan.h"
#include "unwind/mips/track.h"

/* Instructions looked at, over all paths, and paths tried. */
#define MAX_STEPS 8192
#define MAX_PATHS 8

/* A stack slot: relative to sp or s8 at the start. */
struct place {
	uint8_t known; /**< enum da_mips_known; DA_MIPS_UNKNOWN: nowhere */
	int32_t offset;
};

/*
 * The way from the pc towards a return. All paths start with the registers of the body: whatever an
 * instruction on the way does to sp belongs to the epilogue.
 */
struct path {
	const struct da_mips_text *text;
	bool exact;
	struct da_mips_track regs;
	/** Where ra and s8 were loaded from last. */
	struct place ra, s8;
	/** Where they were stored on the way (interrupted prologues). */
	struct place ra_stored, s8_stored;
	unsigned steps;
	/** Conditional branches passed: further paths. */
	da_addr branches[MAX_PATHS];
	unsigned n_branches;
};

enum outcome {
	ONWARD,
	RETURNED,
	LOST
};

static struct place place_of(const struct path *p, uint32_t i)
{
	unsigned base = da_mips_rs(i);
	struct place at = { p->regs.known[base], 0 };

	if (at.known != DA_MIPS_SP0 && at.known != DA_MIPS_S80)
		at.known = DA_MIPS_UNKNOWN;
	at.offset = (int32_t)((uint32_t)p->regs.value[base] + (uint32_t)da_mips_simm(i) +
			      (uint32_t)da_mips_low_word(p->text, i));
	return at;
}

static bool same_place(struct place a, struct place b)
{
	return a.known != DA_MIPS_UNKNOWN && a.known == b.known && a.offset == b.offset;
}

static void load_ra(struct path *p, uint32_t i)
{
	p->ra = place_of(p, i);
	if (same_place(p->ra, p->ra_stored))
		da_mips_track_set(&p->regs, DA_MIPS_RA, DA_MIPS_RA0, 0);
	else
		da_mips_track_set(&p->regs, DA_MIPS_RA, DA_MIPS_UNKNOWN, 0);
}

static void load_s8(struct path *p, uint32_t i)
{
	p->s8 = place_of(p, i);
	if (same_place(p->s8, p->s8_stored))
		da_mips_track_set(&p->regs, DA_MIPS_S8, DA_MIPS_S80, 0);
	else
		da_mips_track_set(&p->regs, DA_MIPS_S8, DA_MIPS_UNKNOWN, 0);
}

/* An instruction that is no jump. */
static void plain(struct path *p, uint32_t i)
{
	if (da_mips_is_load(i, DA_MIPS_RA))
		load_ra(p, i);
	else if (da_mips_is_load(i, DA_MIPS_S8))
		load_s8(p, i);
	else if (da_mips_is_store(i, DA_MIPS_RA) && p->regs.known[DA_MIPS_RA] == DA_MIPS_RA0)
		p->ra_stored = place_of(p, i);
	else if (da_mips_is_store(i, DA_MIPS_S8) && p->regs.known[DA_MIPS_S8] == DA_MIPS_S80 &&
		 p->regs.value[DA_MIPS_S8] == 0)
		p->s8_stored = place_of(p, i);
	else
		da_mips_track_step(&p->regs, i);
}

static void call(struct path *p)
{
	da_mips_track_call(&p->regs);
	p->ra.known = DA_MIPS_UNKNOWN;
}

/* sp below the frame's: the prologue of another function, unless our own was interrupted. */
static bool strayed(const struct path *p)
{
	return !p->exact && p->regs.known[DA_MIPS_SP] == DA_MIPS_SP0 &&
	       p->regs.value[DA_MIPS_SP] < 0;
}

/* A jump through a register: a return, a tail call behind the epilogue, or a switch. */
static enum outcome jump(const struct path *p, unsigned reg)
{
	bool in_slot = p->ra.known != DA_MIPS_UNKNOWN;

	if (reg == DA_MIPS_RA)
		return in_slot || p->exact ? RETURNED : LOST;
	return in_slot && p->regs.known[DA_MIPS_SP] != DA_MIPS_UNKNOWN &&
			       p->regs.value[DA_MIPS_SP] > 0 ?
		       RETURNED :
		       ONWARD;
}

/* One instruction with its delay slot. */
static enum outcome step(struct path *p, da_addr *at)
{
	uint32_t i = da_mips_at(p->text, *at), next = da_mips_at(p->text, *at + 4);
	da_addr here = *at;

	*at += 4;
	if (da_mips_is_compact_jr(p->text, i))
		return jump(p, da_mips_rt(i));
	if (da_mips_is_compact_b(p->text, i)) {
		*at = da_mips_compact_target(here, i);
		return ONWARD;
	}
	if (da_mips_is_compact_call(p->text, i)) {
		call(p);
		return ONWARD;
	}
	if (da_mips_is_branch(p->text, i) && !da_mips_is_b(i)) {
		if (p->n_branches < MAX_PATHS)
			p->branches[p->n_branches++] = here;
		return ONWARD;
	}
	if (!da_mips_is_call(p->text, i) && !da_mips_is_jr(i) && !da_mips_is_b(i)) {
		plain(p, i);
		return strayed(p) ? LOST : ONWARD;
	}
	*at += 4;
	plain(p, next);
	if (da_mips_is_call(p->text, i))
		call(p);
	else if (da_mips_is_jr(i))
		return jump(p, da_mips_rs(i));
	else
		*at = da_mips_branch_target(here, i);
	return ONWARD;
}

static void start(struct path *p)
{
	da_mips_track_init(&p->regs);
	p->ra.known = DA_MIPS_UNKNOWN;
	p->s8.known = DA_MIPS_UNKNOWN;
	p->ra_stored.known = DA_MIPS_UNKNOWN;
	p->s8_stored.known = DA_MIPS_UNKNOWN;
}

static enum outcome follow(struct path *p, da_addr at)
{
	enum outcome o = ONWARD;

	while (o == ONWARD) {
		if (p->steps++ >= MAX_STEPS || !da_mips_has(p->text, at))
			return LOST;
		o = step(p, &at);
	}
	return o;
}

/* The path that begins with the branch at @at taken: its delay slot, then its target. */
static enum outcome take_branch(struct path *p, da_addr at)
{
	plain(p, da_mips_at(p->text, at + 4));
	return follow(p, da_mips_branch_target(at, da_mips_at(p->text, at)));
}

/* How the return found takes the frame down. */
static bool conclude(const struct path *p, struct da_rule *rule)
{
	uint8_t base = p->regs.known[DA_MIPS_SP];
	int32_t cfa = p->regs.value[DA_MIPS_SP];
	bool in_register = p->regs.known[DA_MIPS_RA] == DA_MIPS_RA0;

	if (base != DA_MIPS_SP0 && base != DA_MIPS_S80)
		return false;
	/* Saved registers lie below the CFA. */
	if (in_register ? !p->exact : p->ra.known != base || p->ra.offset >= cfa)
		return false;
	if (cfa < 0 || (cfa == 0 && !p->exact))
		return false;
	rule->kind = DA_RULE_FRAME;
	rule->base = base == DA_MIPS_S80 ? DA_RULE_FP : DA_RULE_SP;
	rule->flags = DA_RULE_CHECK | (in_register ? DA_RULE_RA_IN_LR : 0);
	rule->cfa_offset = cfa;
	rule->ra_offset = in_register ? 0 : p->ra.offset - cfa;
	rule->fp_offset = 0;
	if (p->regs.known[DA_MIPS_S8] == DA_MIPS_S80 && p->regs.value[DA_MIPS_S8] == 0)
		return true;
	if (p->s8.known != base) {
		rule->flags |= DA_RULE_FP_LOST;
		return true;
	}
	rule->flags |= DA_RULE_FP_SAVED;
	rule->fp_offset = p->s8.offset - cfa;
	return true;
}

bool da_mips_scan_epilogue(const struct da_mips_text *text, da_addr pc, bool exact,
			   struct da_rule *rule_out)
{
	struct path p;

	p.text = text;
	p.exact = exact;
	p.steps = 0;
	p.n_branches = 0;
	start(&p);
	if (follow(&p, pc) == RETURNED && conclude(&p, rule_out))
		return true;
	for (unsigned n = 0; n < p.n_branches; n++) {
		start(&p);
		if (take_branch(&p, p.branches[n]) == RETURNED && conclude(&p, rule_out))
			return true;
	}
	return false;
}
