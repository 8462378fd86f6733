/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/flow.h"
#include "unwind/mips/scan.h"
#include "unwind/mips/track.h"

/* Instructions looked at, over all paths, and paths tried. */
#define MAX_STEPS 1024
#define MAX_PATHS 8

/* A stack slot: relative to sp or s8 at the start. */
struct place {
	uint8_t known; /**< enum da_mips_known; DA_MIPS_UNKNOWN: nowhere */
	int32_t offset;
};

/* Registers whose caller's value a rule tells. */
enum saved {
	SAVED_RA,
	SAVED_S8,
	SAVED_S1,
	SAVED
};

/*
 * The way from the pc towards a return. All paths start with the registers of the body: whatever an
 * instruction on the way does to sp belongs to the epilogue.
 */
struct path {
	const struct da_mips_text *text;
	bool exact;
	struct da_mips_track regs;
	/** A call or a computed jump was passed. */
	bool doubt;
	/** The code is that of another function. */
	bool crossed;
	/** Where ra, s8 and s1 were loaded from last. */
	struct place loaded[SAVED];
	/** Where they were stored on the way (interrupted prologues). */
	struct place stored[SAVED];
	unsigned steps;
	/** Conditional branches passed: further paths. Bit 0: @doubt was set by then. */
	da_addr branches[MAX_PATHS];
	unsigned n_branches;
};

enum outcome {
	ONWARD,
	RETURNED,
	LOST
};

/* Where @i loads or stores @reg, if it does. */
static bool access(const struct path *p, uint32_t i, bool load, unsigned reg, struct place *out)
{
	unsigned base = da_mips_rs(i);
	int32_t offset;

	if (!da_mips_is_access(p->text, i, load, reg, &offset))
		return false;
	out->known = p->regs.known[base];
	if (out->known != DA_MIPS_SP0 && out->known != DA_MIPS_S80)
		out->known = DA_MIPS_UNKNOWN;
	out->offset = (int32_t)((uint32_t)p->regs.value[base] + (uint32_t)offset);
	return true;
}

static bool same_place(struct place a, struct place b)
{
	return a.known != DA_MIPS_UNKNOWN && a.known == b.known && a.offset == b.offset;
}

static const uint8_t number[SAVED] = { DA_MIPS_RA, DA_MIPS_S8, DA_MIPS_S1 };
static const uint8_t original[SAVED] = { DA_MIPS_RA0, DA_MIPS_S80, DA_MIPS_S10 };

/* A load or store of ra, s8 or s1. @return whether @i is a load of one of them. */
static bool move_saved(struct path *p, uint32_t i)
{
	bool is_load = false;
	struct place at;

	for (unsigned s = 0; s < SAVED; s++) {
		unsigned reg = number[s];

		if (access(p, i, true, reg, &at)) {
			p->loaded[s] = at;
			da_mips_track_set(
				&p->regs, reg,
				same_place(at, p->stored[s]) ? original[s] : DA_MIPS_UNKNOWN, 0);
			is_load = true;
		} else if (access(p, i, false, reg, &at) && p->regs.known[reg] == original[s] &&
			   p->regs.value[reg] == 0) {
			p->stored[s] = at;
		}
	}
	return is_load;
}

/* An instruction that is no jump. */
static void plain(struct path *p, uint32_t i)
{
	bool is_known = p->regs.known[DA_MIPS_SP] == DA_MIPS_SP0;
	int32_t before = p->regs.value[DA_MIPS_SP], sp;

	if (!move_saved(p, i))
		da_mips_track_step(&p->regs, i);
	sp = p->regs.value[DA_MIPS_SP];
	is_known = is_known && p->regs.known[DA_MIPS_SP] == DA_MIPS_SP0;
	/* A prologue, unless it is our own, interrupted: that has not called anything yet. */
	if (da_mips_is_gp_setup(i) || (is_known && sp < before && sp < 0))
		p->crossed = !p->exact || p->doubt;
}

static void call(struct path *p)
{
	da_mips_track_call(&p->regs);
	p->loaded[SAVED_RA].known = DA_MIPS_UNKNOWN;
	p->doubt = true;
}

/* Whether nothing of the frame is left: what follows is another function, by a tail call. */
static bool is_down(const struct path *p)
{
	bool has_ra = p->loaded[SAVED_RA].known != DA_MIPS_UNKNOWN ||
		      (p->exact && p->regs.known[DA_MIPS_RA] == DA_MIPS_RA0);

	return has_ra && p->regs.known[DA_MIPS_SP] != DA_MIPS_UNKNOWN &&
	       p->regs.value[DA_MIPS_SP] > 0;
}

/* A jump through a register: a return, a tail call behind the epilogue, or a switch. */
static enum outcome jump_register(struct path *p, unsigned reg)
{
	if (reg == DA_MIPS_RA)
		return p->loaded[SAVED_RA].known != DA_MIPS_UNKNOWN || p->exact ? RETURNED : LOST;
	if (is_down(p))
		return RETURNED;
	/* The stubs for MIPS16 code keep ra in s2. */
	if (reg == DA_MIPS_S2 || reg == DA_MIPS_T9)
		return LOST;
	p->doubt = true;
	return ONWARD;
}

/*
 * Remember the conditional branch at @at. Its path will start with the registers of the body; in
 * code that was interrupted those are the ones at the start only as long as nothing has happened.
 */
static void pass_branch(struct path *p, da_addr at)
{
	bool untouched = !p->doubt && p->regs.known[DA_MIPS_RA] == DA_MIPS_RA0 &&
			 p->regs.known[DA_MIPS_SP] == DA_MIPS_SP0 &&
			 p->regs.value[DA_MIPS_SP] == 0 &&
			 p->stored[SAVED_RA].known == DA_MIPS_UNKNOWN;

	if (p->n_branches < MAX_PATHS && (!p->exact || untouched))
		p->branches[p->n_branches++] = at | p->doubt;
}

/* One instruction with its delay slot. */
static enum outcome step(struct path *p, da_addr *at)
{
	uint32_t i = da_mips_at(p->text, *at);
	struct da_mips_flow flow;
	da_addr here = *at;

	da_mips_flow_read(p->text, here, i, &flow);
	*at += 4;
	if (flow.kind == DA_MIPS_BRANCH) {
		pass_branch(p, here);
		*at += flow.likely ? 4 : 0;
		return ONWARD;
	}
	if (flow.kind == DA_MIPS_PLAIN)
		plain(p, i);
	if (flow.slot) {
		plain(p, da_mips_at(p->text, *at));
		*at += 4;
	}
	if (p->crossed)
		return LOST;
	switch (flow.kind) {
	case DA_MIPS_CALL: call(p); return ONWARD;
	case DA_MIPS_JUMP: *at = flow.target; return is_down(p) ? RETURNED : ONWARD;
	case DA_MIPS_JUMP_REGISTER: return jump_register(p, flow.reg);
	}
	return ONWARD;
}

static void start(struct path *p)
{
	da_mips_track_init(&p->regs);
	p->doubt = false;
	p->crossed = false;
	for (unsigned s = 0; s < SAVED; s++) {
		p->loaded[s].known = DA_MIPS_UNKNOWN;
		p->stored[s].known = DA_MIPS_UNKNOWN;
	}
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
	struct da_mips_flow flow;

	p->doubt = at & 1;
	at &= ~(da_addr)1;
	da_mips_flow_read(p->text, at, da_mips_at(p->text, at), &flow);
	if (flow.slot)
		plain(p, da_mips_at(p->text, at + 4));
	return follow(p, flow.target);
}

/* s8 and s1 as the return leaves them. */
static void conclude_saved(const struct path *p, uint8_t base, struct da_rule *rule)
{
	struct place s8 = p->loaded[SAVED_S8], s1 = p->loaded[SAVED_S1];
	int32_t words = (rule->cfa_offset - s1.offset) / p->text->image.word;

	if (p->regs.known[DA_MIPS_S1] == DA_MIPS_UNKNOWN && s1.known == base && words > 0 &&
	    words <= UINT8_MAX)
		rule->fp2_words = (uint8_t)words;
	if (p->regs.known[DA_MIPS_S8] == DA_MIPS_S80 && p->regs.value[DA_MIPS_S8] == 0)
		return;
	if (s8.known != base) {
		rule->flags |= DA_RULE_FP_LOST;
		return;
	}
	rule->flags |= DA_RULE_FP_SAVED;
	rule->fp_offset = s8.offset - rule->cfa_offset;
}

/* How the return found takes the frame down. */
static bool conclude(const struct path *p, struct da_rule *rule)
{
	struct place ra = p->loaded[SAVED_RA];
	uint8_t base = p->regs.known[DA_MIPS_SP];
	int32_t cfa = p->regs.value[DA_MIPS_SP];
	bool in_register = p->regs.known[DA_MIPS_RA] == DA_MIPS_RA0;

	if (base != DA_MIPS_SP0 && base != DA_MIPS_S80)
		return false;
	/* Saved registers lie below the CFA. */
	if (in_register ? !p->exact : ra.known != base || ra.offset >= cfa)
		return false;
	if (cfa < 0 || (cfa == 0 && !p->exact))
		return false;
	*rule = (struct da_rule){
		.kind = DA_RULE_FRAME,
		.base = base == DA_MIPS_S80 ? DA_RULE_FP : DA_RULE_SP,
		.flags = DA_RULE_CHECK | (in_register ? DA_RULE_RA_IN_LR : 0),
		.cfa_offset = cfa,
		.ra_offset = in_register ? 0 : ra.offset - cfa,
	};
	conclude_saved(p, base, rule);
	return true;
}

enum da_mips_answer da_mips_scan_epilogue(const struct da_mips_text *text, da_addr pc, bool exact,
					  struct da_rule *rule_out)
{
	struct path p;
	enum outcome o;

	p.text = text;
	p.exact = exact;
	p.steps = 0;
	p.n_branches = 0;
	start(&p);
	o = follow(&p, pc);
	for (unsigned n = 0; n < p.n_branches && (o != RETURNED || !conclude(&p, rule_out)); n++) {
		start(&p);
		o = take_branch(&p, p.branches[n]);
	}
	if (o != RETURNED || !conclude(&p, rule_out))
		return DA_MIPS_NOTHING;
	return p.doubt ? DA_MIPS_DOUBT : DA_MIPS_FOUND;
}
