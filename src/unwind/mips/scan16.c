/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/mips16.h"
#include "unwind/mips/scan.h"

/* Most bytes looked at backward, steps forward over all paths, and paths. */
#define MAX_BACK 131072
#define MAX_STEPS 1024
#define MAX_PATHS 8

#define SAVE_OF_RA 0x64c0
#define MOVE_SP_S1 0x65b9

/* Of the constants that code loads from the text, the first one behind @pc: no code is there. */
static void note_constant(da_addr *pool, da_addr pc, da_addr constant)
{
	if (constant >= pc && constant && (*pool == 0 || constant < *pool))
		*pool = constant;
}

/* The prologue found, executed up to the call. Offsets are relative to the CFA. */
struct frame {
	const struct da_mips_text *text;
	struct da_mips_track regs;
	struct da_mips16_save save;
	da_addr first, at, pc;
	/** The constants behind pc; 0: none are known. */
	da_addr pool;
	/** The CFA minus sp in the body; 0 when sp is not fixed. */
	int32_t size;
	/** The CFA minus s1, if the prologue made s1 point into the frame; else 0. */
	int32_t s1_below;
	bool called, doubt;
	/** Code that nothing before it leads to (prologue.c). */
	da_addr island, covered;
	bool covers_all;
};

static void set_sp(struct frame *f)
{
	da_mips_track_set(&f->regs, DA_MIPS_SP, f->size ? DA_MIPS_SP0 : DA_MIPS_UNKNOWN, -f->size);
}

/* sp has been written: further steps of a big frame, an alloca(), or an epilogue. */
static void move_sp(struct frame *f)
{
	int32_t sp = f->regs.value[DA_MIPS_SP];

	if (f->regs.known[DA_MIPS_SP] != DA_MIPS_SP0)
		f->size = 0;
	else if (f->size && sp < -f->size && !f->called)
		f->size = -sp;
	set_sp(f);
}

static void jump(struct frame *f, const struct da_mips_flow *flow, da_addr next)
{
	if (flow->kind == DA_MIPS_JUMP_REGISTER) {
		f->covers_all = f->covers_all || flow->reg != DA_MIPS_RA;
	} else {
		if (flow->target > f->covered)
			f->covered = flow->target;
		if (f->island && flow->target < f->island && flow->target >= f->first)
			f->island = 0;
	}
	if (flow->kind != DA_MIPS_BRANCH && !f->covers_all && f->covered < next && !f->island)
		f->island = next;
}

static void plain(struct frame *f, da_addr at, uint32_t i)
{
	struct da_mips16_save save;
	int32_t sp = f->regs.value[DA_MIPS_SP];
	uint8_t known = f->regs.known[DA_MIPS_SP];

	if (da_mips16_is_save(i, &save)) {
		/* ends the frame, on one of its paths; begins another function's */
		f->doubt = f->doubt || !save.restores;
		return;
	}
	note_constant(&f->pool, f->pc, da_mips16_constant(at, i));
	da_mips16_track_step(&f->regs, f->text, at, i);
	if (f->regs.value[DA_MIPS_SP] != sp || f->regs.known[DA_MIPS_SP] != known)
		move_sp(f);
}

/*
 * The prologue is over. What s1 points to now, it does to the end if it is the frame pointer.
 * (Later writes prove nothing: tables and constants in the text look like code.)
 */
static void end_prologue(struct frame *f)
{
	if (f->regs.known[DA_MIPS_S1] == DA_MIPS_SP0 && !f->called)
		f->s1_below = -f->regs.value[DA_MIPS_S1];
	f->called = true;
}

/* One instruction with its delay slot. */
static void step(struct frame *f)
{
	uint32_t i = da_mips16_at(f->text, f->at);
	da_addr next = f->at + da_mips16_length(i);
	struct da_mips_flow flow;

	da_mips16_flow_read(f->at, i, &flow);
	if (flow.kind == DA_MIPS_PLAIN)
		plain(f, f->at, i);
	if (flow.slot) {
		plain(f, next, da_mips16_at(f->text, next) & 0xffff);
		next += 2;
	}
	if (flow.kind == DA_MIPS_CALL) {
		end_prologue(f);
		da_mips_track_call(&f->regs);
	} else if (flow.kind != DA_MIPS_PLAIN) {
		jump(f, &flow, next);
	}
	f->at = next;
}

static void start(struct frame *f, const struct da_mips_text *text, da_addr at)
{
	f->text = text;
	f->pool = 0;
	da_mips_track_init(&f->regs);
	f->first = at;
	f->at = at + da_mips16_length(da_mips16_at(text, at));
	f->size = f->save.size;
	f->s1_below = 0;
	f->called = false;
	f->doubt = false;
	f->island = 0;
	f->covered = 0;
	f->covers_all = false;
	set_sp(f);
}

/*
 * The prologue before @pc, executed up to the instruction that returns there.
 * The nearest save of ra: the functions in between, if any, call nothing.
 */
static enum da_mips_answer find_save(const struct da_mips_text *text, da_addr pc, bool is_short,
				     struct frame *f)
{
	for (da_addr at = pc - 2; pc - at < MAX_BACK && da_mips16_has(text, at); at -= 2) {
		da_addr from = at;

		if ((da_mips16_at(text, at) & 0xffffffc0) != SAVE_OF_RA)
			continue;
		if (!is_short && da_mips16_has(text, at - 2) &&
		    da_mips16_length(da_mips16_at(text, at - 2)) == 4)
			from = at - 2;
		/* not all that precedes it as an extension is one: da_mips16_is_save()
     * tells */
		if (!da_mips16_is_save(da_mips16_at(text, from), &f->save) || f->save.restores ||
		    !f->save.has_ra || f->save.size == 0)
			continue;
		f->pc = pc;
		start(f, text, from);
		while (f->at < pc)
			step(f);
		end_prologue(f);
		return f->doubt || f->island || f->at != pc ? DA_MIPS_DOUBT : DA_MIPS_FOUND;
	}
	return DA_MIPS_NOTHING;
}

static void set_saved(const struct da_mips16_save *save, struct da_rule *rule)
{
	rule->fp2_words = save->s1_words;
	if (save->s8_words) {
		rule->flags |= DA_RULE_FP_SAVED;
		rule->fp_offset = -4 * save->s8_words;
	}
}

/* A restore within some instructions: what is loaded for the return may come first. */
static bool restores_soon(const struct da_mips_text *text, da_addr at)
{
	struct da_mips16_save save;

	for (unsigned n = 0; n < 8; n++) {
		at += da_mips16_length(da_mips16_at(text, at));
		if (da_mips16_is_save(da_mips16_at(text, at), &save))
			return save.restores;
	}
	return false;
}

/*
 * Whether the function puts s1 back into sp before a restore: then s1 is its frame pointer. Looks
 * from the prologue to the next one, in all that may be code.
 */
static bool is_s1_frame(const struct frame *f)
{
	if (f->s1_below <= 0)
		return false;
	for (da_addr at = f->first + 4; da_mips16_has(f->text, at) && at - f->first < MAX_BACK;
	     at += 2) {
		uint32_t i = da_mips16_at(f->text, at);

		if (at > f->at && (i & 0xffffffc0) == SAVE_OF_RA)
			return false;
		if (i == MOVE_SP_S1 && restores_soon(f->text, at))
			return true;
	}
	return false;
}

/* The rule of a prologue. */
static bool from_save(const struct frame *f, struct da_rule *rule)
{
	bool on_s1 = is_s1_frame(f);
	int32_t below = on_s1 ? f->s1_below : f->size;

	if (below <= 0)
		return false;
	*rule = (struct da_rule){
		.kind = DA_RULE_FRAME,
		.base = on_s1 ? DA_RULE_FP2 : DA_RULE_SP,
		.flags = DA_RULE_CHECK,
		.cfa_offset = below,
		.ra_offset = -4,
	};
	set_saved(&f->save, rule);
	return true;
}

/* The way from the pc towards a restore (epilogue.c). */
struct path {
	const struct da_mips_text *text;
	bool exact;
	/** Constants, where no path goes; 0: none are known. */
	da_addr pool;
	/** A call or a computed jump was passed; save was executed (of an interrupted
   * prologue). */
	bool doubt, saved;
	struct da_mips_track regs;
	unsigned steps;
	da_addr branches[MAX_PATHS];
	unsigned n_branches;
};

enum outcome {
	ONWARD,
	RETURNED,
	LOST
};

/* The rule, with the CFA at sp + @size. */
static enum outcome conclude(const struct path *p, const struct da_mips16_save *save, int32_t size,
			     struct da_rule *rule)
{
	uint8_t base = p->regs.known[DA_MIPS_SP];
	int32_t cfa = (int32_t)((uint32_t)p->regs.value[DA_MIPS_SP] + (uint32_t)size);
	bool in_register = p->saved || !save->has_ra;

	if ((base != DA_MIPS_SP0 && base != DA_MIPS_S10) || cfa < 0 || (in_register && !p->exact) ||
	    (cfa == 0 && !in_register))
		return LOST;
	*rule = (struct da_rule){
		.kind = DA_RULE_FRAME,
		.base = base == DA_MIPS_S10 ? DA_RULE_FP2 : DA_RULE_SP,
		.flags = DA_RULE_CHECK | (in_register ? DA_RULE_RA_IN_LR : 0),
		.cfa_offset = cfa,
		.ra_offset = in_register ? 0 : -4,
	};
	if (!p->saved)
		set_saved(save, rule);
	return RETURNED;
}

static enum outcome path_plain(struct path *p, da_addr at, uint32_t i, struct da_rule *rule)
{
	struct da_mips16_save save;

	if (!da_mips16_is_save(i, &save)) {
		note_constant(&p->pool, at, da_mips16_constant(at, i));
		da_mips16_track_step(&p->regs, p->text, at, i);
		return ONWARD;
	}
	if (save.restores)
		return conclude(p, &save, save.size, rule);
	/* the prologue of another function, unless our own was interrupted */
	if (!p->exact || p->doubt)
		return LOST;
	p->saved = true;
	da_mips_track_set(&p->regs, DA_MIPS_SP, p->regs.known[DA_MIPS_SP],
			  p->regs.value[DA_MIPS_SP] - save.size);
	return ONWARD;
}

/* A leaf function returns; anything else behind a restore is not reached. */
static enum outcome path_jump(struct path *p, unsigned reg, struct da_rule *rule)
{
	static const struct da_mips16_save none;

	if (reg == DA_MIPS_RA)
		return p->exact && !p->doubt ? conclude(p, &none, 0, rule) : LOST;
	p->doubt = true;
	return ONWARD;
}

/* Remember where a branch leads to; epilogue.c. */
static void pass_branch(struct path *p, da_addr target)
{
	bool untouched = !p->doubt && !p->saved;

	if (p->n_branches < MAX_PATHS && (!p->exact || untouched))
		p->branches[p->n_branches++] = target | p->doubt;
}

static enum outcome path_step(struct path *p, da_addr *at, struct da_rule *rule)
{
	uint32_t i = da_mips16_at(p->text, *at);
	enum outcome o = ONWARD;
	struct da_mips_flow flow;
	da_addr here = *at;

	da_mips16_flow_read(here, i, &flow);
	*at += da_mips16_length(i);
	if (flow.kind == DA_MIPS_PLAIN)
		return path_plain(p, here, i, rule);
	if (flow.slot) {
		o = path_plain(p, *at, da_mips16_at(p->text, *at) & 0xffff, rule);
		*at += 2;
	}
	switch (flow.kind) {
	case DA_MIPS_CALL:
		da_mips_track_call(&p->regs);
		p->doubt = true;
		return o;
	case DA_MIPS_BRANCH: pass_branch(p, flow.target); return o;
	case DA_MIPS_JUMP: *at = flow.target; return o;
	case DA_MIPS_JUMP_REGISTER: return o == ONWARD ? path_jump(p, flow.reg, rule) : o;
	}
	return o;
}

static bool follow(struct path *p, da_addr at, struct da_rule *rule)
{
	enum outcome o = ONWARD;

	da_mips_track_init(&p->regs);
	p->doubt = at & 1;
	at &= ~(da_addr)1;
	p->saved = false;
	while (o == ONWARD) {
		if (p->steps++ >= MAX_STEPS || !da_mips16_has(p->text, at) ||
		    (p->pool && at - p->pool < 4))
			return false;
		o = path_step(p, &at, rule);
	}
	return o == RETURNED;
}

enum da_mips_answer da_mips16_scan_prologue(const struct da_mips_text *text, da_addr pc,
					    bool is_short, struct da_rule *rule_out,
					    da_addr *pool_out)
{
	struct frame f;
	enum da_mips_answer answer = find_save(text, pc & ~(da_addr)1, is_short, &f);

	*pool_out = answer != DA_MIPS_NOTHING ? f.pool : 0;
	return answer != DA_MIPS_NOTHING && from_save(&f, rule_out) ? answer : DA_MIPS_NOTHING;
}

enum da_mips_answer da_mips16_scan_epilogue(const struct da_mips_text *text, da_addr pc, bool exact,
					    da_addr pool, struct da_rule *rule_out)
{
	struct path p;
	bool found;

	p.text = text;
	p.exact = exact;
	p.pool = pool;
	p.steps = 0;
	p.n_branches = 0;
	found = follow(&p, pc & ~(da_addr)1, rule_out);
	for (unsigned n = 0; n < p.n_branches && !found; n++)
		found = follow(&p, p.branches[n], rule_out);
	if (!found)
		return DA_MIPS_NOTHING;
	return p.doubt ? DA_MIPS_DOUBT : DA_MIPS_FOUND;
}
