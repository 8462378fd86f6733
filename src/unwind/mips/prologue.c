/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/scan.h"
#include "unwind/mips/track.h"

/* Three times the longest distance seen (python's interpreter loop: 20,255 instructions). */
#define MAX_BACK 65536

/* How far before the decrement constants for a "subu sp, sp, r" are looked for. */
#define CONST_BACK 8

/* gcc's first step for frames that need two (MIPS_MAX_FIRST_STACK_STEP). */
#define GCC_FIRST_STEP 0x7ff0

/* What the instructions between the decrement and the call told. Slots are relative to the CFA. */
struct frame {
	const struct da_mips_text *text;
	struct da_mips_track regs;
	/** The CFA minus sp in the body. */
	int32_t size;
	int32_t ra_slot, s8_slot;
	/** The CFA minus s8, when s8 is the frame pointer. */
	int32_t s8_below;
	bool has_ra, has_s8, s8_is_frame, called;
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
	da_mips_track_set(&f->regs, DA_MIPS_RA, DA_MIPS_RA0, 0);
	f->size = size;
	f->has_ra = false;
	f->has_s8 = false;
	f->s8_is_frame = false;
	f->called = false;
	return size > 0;
}

/* Where a store or load goes, relative to the CFA. */
static bool slot(const struct frame *f, uint32_t i, int32_t *slot_out)
{
	unsigned base = da_mips_rs(i);

	*slot_out = (int32_t)((uint32_t)f->regs.value[base] + (uint32_t)da_mips_simm(i) +
			      (uint32_t)da_mips_low_word(f->text, i));
	return f->regs.known[base] == DA_MIPS_SP0;
}

static void save_ra(struct frame *f, uint32_t i)
{
	int32_t at;

	if (!f->has_ra && f->regs.known[DA_MIPS_RA] == DA_MIPS_RA0 && slot(f, i, &at)) {
		f->ra_slot = at;
		f->has_ra = true;
	}
}

static void save_s8(struct frame *f, uint32_t i)
{
	int32_t at;

	if (!f->has_s8 && f->regs.known[DA_MIPS_S8] == DA_MIPS_S80 && slot(f, i, &at)) {
		f->s8_slot = at;
		f->has_s8 = true;
	}
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

/* A load of s8 is an epilogue's restore, and what follows it is reached from the body. */
static void load_s8(struct frame *f, uint32_t i)
{
	int32_t at;
	bool restore = f->has_s8 && slot(f, i, &at) && at == f->s8_slot;

	if (restore || (f->s8_is_frame && da_mips_op(i) == 0x23))
		return;
	f->s8_is_frame = false;
	da_mips_track_set(&f->regs, DA_MIPS_S8, DA_MIPS_UNKNOWN, 0);
}

/*
 * A further decrement: the second step of a big frame. Any other is a dynamic allocation (then s8
 * is the base) or not in our path.
 */
static void lower_sp(struct frame *f, uint32_t i)
{
	int32_t more = decrement(f, i);

	if (f->size != GCC_FIRST_STEP || f->called || more <= 0 || more > INT32_MAX - f->size)
		return;
	f->size += more;
	da_mips_track_set(&f->regs, DA_MIPS_SP, DA_MIPS_SP0, -f->size);
}

/* Everything else. sp as the epilogues raise it does not concern the body. */
static void other(struct frame *f, uint32_t i)
{
	da_mips_track_step(&f->regs, i);
	da_mips_track_set(&f->regs, DA_MIPS_SP, DA_MIPS_SP0, -f->size);
	if (f->regs.known[DA_MIPS_S8] != DA_MIPS_SP0 || f->regs.value[DA_MIPS_S8] != -f->s8_below)
		f->s8_is_frame = false;
}

static void step(struct frame *f, uint32_t i)
{
	if (da_mips_is_call(f->text, i) || da_mips_is_compact_call(f->text, i)) {
		da_mips_track_call(&f->regs);
		f->called = true;
	} else if (is_decrement(i) || is_register_decrement(i)) {
		lower_sp(f, i);
	} else if (da_mips_is_store(i, DA_MIPS_RA)) {
		save_ra(f, i);
	} else if (da_mips_is_store(i, DA_MIPS_S8)) {
		save_s8(f, i);
	} else if (is_move_s8_sp(i)) {
		move_s8(f);
	} else if (da_mips_is_load(i, DA_MIPS_S8)) {
		load_s8(f, i);
	} else {
		other(f, i);
	}
}

/* The rule for @pc, given that the prologue starts with the decrement at @at. */
static bool from_decrement(const struct da_mips_text *text, da_addr at, da_addr pc,
			   struct da_rule *rule)
{
	struct frame f;

	f.text = text;
	if (!start(&f, at))
		return false;
	/* The delay slot of the call at @pc has been executed, too. */
	for (at += 4; at < pc; at += 4)
		step(&f, da_mips_at(text, at));
	if (at == pc && da_mips_is_call(text, da_mips_at(text, pc)))
		step(&f, da_mips_at(text, pc + 4));
	if (!f.has_ra || f.ra_slot >= 0 || f.ra_slot < -f.size)
		return false;
	rule->kind = DA_RULE_FRAME;
	rule->base = f.s8_is_frame ? DA_RULE_FP : DA_RULE_SP;
	rule->flags = DA_RULE_CHECK | (f.has_s8 ? DA_RULE_FP_SAVED : 0);
	rule->cfa_offset = f.s8_is_frame ? f.s8_below : f.size;
	rule->ra_offset = f.ra_slot;
	rule->fp_offset = f.has_s8 ? f.s8_slot : 0;
	return true;
}

bool da_mips_scan_prologue(const struct da_mips_text *text, da_addr pc, struct da_rule *rule_out)
{
	da_addr at = pc;
	bool saved = false;
	uint32_t i;

	for (unsigned n = 0; n < MAX_BACK && at >= 4 && da_mips_has(text, at - 4); n++) {
		at -= 4;
		i = da_mips_at(text, at);
		/* A save behind a call is no save of the caller's ra: the call changed it. */
		if (da_mips_is_call(text, i) || da_mips_is_compact_call(text, i))
			saved = false;
		else if (da_mips_is_store(i, DA_MIPS_RA))
			saved = true;
		else if (saved && (is_decrement(i) || is_register_decrement(i)) &&
			 from_decrement(text, at, pc, rule_out))
			return true;
	}
	return false;
}
