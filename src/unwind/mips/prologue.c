/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/flow.h"
#include "unwind/mips/scan.h"
#include "unwind/mips/track.h"

/* Three times the longest distance seen (python's interpreter loop: 20,255 instructions). */
#define MAX_BACK 65536

/* How far before the decrement constants for a "subu sp, sp, r" are looked for. */
#define CONST_BACK 8

/* gcc's first step for frames that need two (MIPS_MAX_FIRST_STACK_STEP). */
#define GCC_FIRST_STEP 0x7ff0

/* move at, ra: before a call of _mcount (-pg), which pops 8 bytes. */
#define MOVE_AT_RA 0x03e00825

/* move s2, ra: the stubs between MIPS16 and hard-float code keep it there, and have no frame. */
#define MOVE_S2_RA 0x03e09025
#define MOVE_S2_RA_OLD 0x03e09021

/* What the instructions between the decrement and the call told. Slots are relative to the CFA. */
struct frame {
	const struct da_mips_text *text;
	struct da_mips_track regs;
	/** The decrement, and the instruction looked at. */
	da_addr first, at;
	/** The CFA minus sp in the body. */
	int32_t size;
	int32_t ra_slot, s8_slot, s1_slot;
	/** The CFA minus s8, when s8 is the frame pointer. */
	int32_t s8_below;
	bool has_ra, has_s8, has_s1, s8_is_frame, called;
	/** Something in between is the beginning of a function. */
	bool crossed;
	/** Something in between may be: an sp lowered without need, or an island: code that nothing
	 * before it leads to. */
	bool doubt;
	da_addr island;
	/** What the code so far leads to: the highest target; any, behind a computed jump. */
	da_addr covered;
	bool covers_all;
	/** lui v0; addiu v0, v0: clang's beginning of a PIC function, if a t9 is added. */
	da_addr v0_pair;
};

/* addiu or daddiu sp, sp, -n */
static bool is_decrement(uint32_t i)
{
	return (i >> 16 == 0x27bd || i >> 16 == 0x67bd) && da_mips_simm(i) < 0;
}

/* subu or dsubu sp, sp, r */
static bool is_register_decrement(uint32_t i)
{
	return (i & 0xffe0ffff) == 0x03a0e823 || (i & 0xffe0ffff) == 0x03a0e82f;
}

/* By how much a decrement of either kind lowers sp; 0 when that is not known. */
static int32_t decrement(const struct frame *f, uint32_t i)
{
	unsigned rt = da_mips_rt(i);

	if (is_decrement(i))
		return -da_mips_simm(i);
	if (f->regs.known[rt] == DA_MIPS_CONST && f->regs.value[rt] > 0)
		return f->regs.value[rt];
	return 0;
}

/* or, addu, daddu s8, sp, zero */
static bool is_move_s8_sp(uint32_t i)
{
	return i == 0x03a0f025 || i == 0x03a0f021 || i == 0x03a0f02d;
}

/* Constants loaded before the decrement at @pc; all else there may be another function. */
static void collect_constants(struct frame *f, da_addr pc)
{
	da_addr back = pc - f->text->image.lo;
	da_addr from = pc - (back < CONST_BACK * 4 ? back : CONST_BACK * 4);

	da_mips_track_init(&f->regs);
	for (; from < pc; from += 4)
		da_mips_track_step(&f->regs, da_mips_at(f->text, from));
	for (unsigned r = 0; r < 32; r++) {
		if (f->regs.known[r] != DA_MIPS_CONST)
			f->regs.known[r] = DA_MIPS_UNKNOWN;
	}
}

/* The state behind the decrement at @pc. */
static bool start(struct frame *f, da_addr pc)
{
	int32_t size;

	collect_constants(f, pc);
	size = decrement(f, da_mips_at(f->text, pc));
	da_mips_track_set(&f->regs, DA_MIPS_SP, DA_MIPS_SP0, -size);
	da_mips_track_set(&f->regs, DA_MIPS_S8, DA_MIPS_S80, 0);
	da_mips_track_set(&f->regs, DA_MIPS_S1, DA_MIPS_S10, 0);
	da_mips_track_set(&f->regs, DA_MIPS_RA, DA_MIPS_RA0, 0);
	f->first = pc;
	f->size = size;
	f->has_ra = false;
	f->has_s8 = false;
	f->has_s1 = false;
	f->s8_is_frame = false;
	f->called = false;
	f->crossed = false;
	f->doubt = false;
	f->island = 0;
	f->covered = 0;
	f->covers_all = false;
	f->v0_pair = 0;
	return size > 0;
}

/* Where a store or load of @reg goes, relative to the CFA. */
static bool slot(const struct frame *f, uint32_t i, bool load, unsigned reg, int32_t *slot_out)
{
	unsigned base = da_mips_rs(i);
	int32_t offset;

	if (f->regs.known[base] != DA_MIPS_SP0 ||
	    !da_mips_is_access(f->text, i, load, reg, &offset))
		return false;
	*slot_out = (int32_t)((uint32_t)f->regs.value[base] + (uint32_t)offset);
	return true;
}

/* If @i is the first store of @reg while that has the caller's value, note where. */
static void save(const struct frame *f, uint32_t i, unsigned reg, bool *has, int32_t *slot_out)
{
	uint8_t original = reg == DA_MIPS_RA ? DA_MIPS_RA0 :
			   reg == DA_MIPS_S8 ? DA_MIPS_S80 :
					       DA_MIPS_S10;

	if (!*has && f->regs.known[reg] == original && f->regs.value[reg] == 0)
		*has = slot(f, i, false, reg, slot_out);
}

/*
 * s8 becomes the frame pointer, or the address of a local at the frame's bottom, which is the same
 * as long as it stays; in o32 there is no local at the bottom.
 */
static void move_s8(struct frame *f)
{
	f->s8_is_frame = f->has_s8;
	f->s8_below = f->size;
	da_mips_track_set(&f->regs, DA_MIPS_S8, f->has_s8 ? DA_MIPS_SP0 : DA_MIPS_UNKNOWN,
			  -f->size);
}

/*
 * A load of s8 is an epilogue's restore, and what follows it is reached from the body. The epilogue
 * of a big frame has undone the second step before it.
 */
static void load_s8(struct frame *f, uint32_t i)
{
	int32_t at;
	uint32_t second = (uint32_t)f->size - GCC_FIRST_STEP;
	bool restore = f->has_s8 && slot(f, i, true, DA_MIPS_S8, &at) &&
		       (at == f->s8_slot || (uint32_t)at + second == (uint32_t)f->s8_slot);

	if (restore || (f->s8_is_frame && da_mips_op(i) == 0x23))
		return;
	f->s8_is_frame = false;
	da_mips_track_set(&f->regs, DA_MIPS_S8, DA_MIPS_UNKNOWN, 0);
}

/* The 8 bytes that are pushed for _mcount. */
static bool is_for_mcount(const struct frame *f, uint32_t i)
{
	if (da_mips_simm(i) != -8)
		return false;
	for (da_addr at = f->at - 16; at <= f->at + 16; at += 4) {
		if (da_mips_at(f->text, at) == MOVE_AT_RA)
			return true;
	}
	return false;
}

/*
 * A further decrement: the second step of a big frame. Any other is a dynamic allocation (then s8
 * is the base), or not in our path, or that of a function that does not save ra.
 */
static void lower_sp(struct frame *f, uint32_t i)
{
	int32_t more = decrement(f, i);

	if (f->size == GCC_FIRST_STEP && !f->called && more > 0 && more <= INT32_MAX - f->size) {
		f->size += more;
		da_mips_track_set(&f->regs, DA_MIPS_SP, DA_MIPS_SP0, -f->size);
	} else if (!f->s8_is_frame && !is_for_mcount(f, i)) {
		f->doubt = true;
	}
}

/* Everything else. sp as the epilogues raise it does not concern the body. */
static void other(struct frame *f, uint32_t i)
{
	da_mips_track_step(&f->regs, i);
	da_mips_track_set(&f->regs, DA_MIPS_SP, DA_MIPS_SP0, -f->size);
	f->doubt = f->doubt || i == MOVE_S2_RA || i == MOVE_S2_RA_OLD;
	if (f->regs.known[DA_MIPS_S8] != DA_MIPS_SP0 || f->regs.value[DA_MIPS_S8] != -f->s8_below)
		f->s8_is_frame = false;
}

/* addu or daddu r, v0, t9 */
static bool adds_t9_to_v0(uint32_t i)
{
	return (i & 0xffff07ff) == 0x00590021 || (i & 0xffff07ff) == 0x0059002d;
}

/* Set-up of gp from t9: behind a call or a jump that is another function's. */
static void look_for_setup(struct frame *f, uint32_t i)
{
	if (i >> 16 == 0x3c02 && da_mips_at(f->text, f->at + 4) >> 16 == 0x2442)
		f->v0_pair = f->at;
	else if ((da_mips_is_gp_setup(i) || (adds_t9_to_v0(i) && f->v0_pair)) &&
		 (f->called || f->island || f->covered || f->covers_all))
		f->crossed = true;
}

/* Code behind @next is dead unless something led there already, or will from behind it. */
static void end_block(struct frame *f, da_addr next)
{
	if (!f->covers_all && f->covered < next && !f->island)
		f->island = next;
}

static void lead_to(struct frame *f, da_addr target)
{
	if (target > f->covered)
		f->covered = target;
	/* from the island back to the function's own code: no island */
	if (f->island && f->at >= f->island && target < f->island && target >= f->first)
		f->island = 0;
}

static void jump(struct frame *f, const struct da_mips_flow *flow)
{
	da_addr next = f->at + (flow->slot ? 8 : 4);

	switch (flow->kind) {
	case DA_MIPS_BRANCH: lead_to(f, flow->target); return;
	case DA_MIPS_JUMP:
		lead_to(f, flow->target);
		end_block(f, next);
		return;
	case DA_MIPS_JUMP_REGISTER:
		/* a switch, or a tail call */
		if (flow->reg != DA_MIPS_RA && flow->reg != DA_MIPS_T9)
			f->covers_all = true;
		end_block(f, next);
		return;
	}
}

static void step(struct frame *f, uint32_t i)
{
	struct da_mips_flow flow;

	da_mips_flow_read(f->text, f->at, i, &flow);
	if (flow.kind == DA_MIPS_CALL) {
		da_mips_track_call(&f->regs);
		f->called = true;
	} else if (flow.kind != DA_MIPS_PLAIN) {
		jump(f, &flow);
	} else if (is_decrement(i) || is_register_decrement(i)) {
		lower_sp(f, i);
	} else if (is_move_s8_sp(i)) {
		move_s8(f);
	} else if (da_mips_is_load(f->text, i, DA_MIPS_S8)) {
		load_s8(f, i);
	} else {
		save(f, i, DA_MIPS_RA, &f->has_ra, &f->ra_slot);
		save(f, i, DA_MIPS_S8, &f->has_s8, &f->s8_slot);
		save(f, i, DA_MIPS_S1, &f->has_s1, &f->s1_slot);
		look_for_setup(f, i);
		other(f, i);
	}
}

static void fill(const struct frame *f, struct da_rule *rule)
{
	int32_t words = f->has_s1 ? -f->s1_slot / f->text->image.word : 0;

	*rule = (struct da_rule){
		.kind = DA_RULE_FRAME,
		.base = f->s8_is_frame ? DA_RULE_FP : DA_RULE_SP,
		.flags = DA_RULE_CHECK | (f->has_s8 ? DA_RULE_FP_SAVED : 0),
		.fp2_words = (uint8_t)(words > 0 && words <= UINT8_MAX ? words : 0),
		.cfa_offset = f->s8_is_frame ? f->s8_below : f->size,
		.ra_offset = f->ra_slot,
		.fp_offset = f->has_s8 ? f->s8_slot : 0,
	};
}

/* The rule for @pc, given that the prologue starts with the decrement at @at. */
static enum da_mips_answer from_decrement(const struct da_mips_text *text, da_addr at, da_addr pc,
					  struct da_rule *rule)
{
	struct frame f;

	f.text = text;
	if (!start(&f, at))
		return DA_MIPS_NOTHING;
	for (f.at = at + 4; f.at < pc; f.at += 4)
		step(&f, da_mips_at(text, f.at));
	/* The delay slot of the call at @pc has been executed, too. */
	if (f.at == pc && da_mips_is_call(text, da_mips_at(text, pc))) {
		f.at += 4;
		step(&f, da_mips_at(text, f.at));
	}
	if (!f.has_ra || f.ra_slot >= 0 || f.ra_slot < -f.size)
		return DA_MIPS_NOTHING;
	fill(&f, rule);
	return f.crossed || f.doubt || f.island ? DA_MIPS_DOUBT : DA_MIPS_FOUND;
}

enum da_mips_answer da_mips_scan_prologue(const struct da_mips_text *text, da_addr pc,
					  struct da_rule *rule_out)
{
	enum da_mips_answer answer;
	da_addr at = pc;
	bool saved = false;
	uint32_t i;

	for (unsigned n = 0; n < MAX_BACK && at >= 4 && da_mips_has(text, at - 4); n++) {
		at -= 4;
		i = da_mips_at(text, at);
		/* A save behind a call is no save of the caller's ra: the call changed it. */
		if (da_mips_is_call(text, i) || da_mips_is_compact_call(text, i)) {
			saved = false;
		} else if (da_mips_is_store(text, i, DA_MIPS_RA)) {
			saved = true;
		} else if (saved && (is_decrement(i) || is_register_decrement(i))) {
			answer = from_decrement(text, at, pc, rule_out);
			if (answer != DA_MIPS_NOTHING)
				return answer;
		}
	}
	return DA_MIPS_NOTHING;
}
