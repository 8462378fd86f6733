/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/track.h"

void da_mips_track_set(struct da_mips_track *t, unsigned reg, enum da_mips_known known,
		       int32_t value)
{
	if (reg == DA_MIPS_ZERO)
		return;
	t->known[reg] = (uint8_t)known;
	t->value[reg] = value;
}

static void forget(struct da_mips_track *t, unsigned reg)
{
	da_mips_track_set(t, reg, DA_MIPS_UNKNOWN, 0);
}

void da_mips_track_init(struct da_mips_track *t)
{
	for (unsigned r = 1; r < 32; r++)
		forget(t, r);
	t->known[DA_MIPS_ZERO] = DA_MIPS_CONST;
	t->value[DA_MIPS_ZERO] = 0;
	da_mips_track_set(t, DA_MIPS_SP, DA_MIPS_SP0, 0);
	da_mips_track_set(t, DA_MIPS_S8, DA_MIPS_S80, 0);
	da_mips_track_set(t, DA_MIPS_S1, DA_MIPS_S10, 0);
	da_mips_track_set(t, DA_MIPS_RA, DA_MIPS_RA0, 0);
}

void da_mips_track_call(struct da_mips_track *t)
{
	for (unsigned r = 1; r < 16; r++)
		forget(t, r);
	forget(t, 24);
	forget(t, 25);
	forget(t, DA_MIPS_RA);
}

/* Offsets wrap as the target's 32-bit arithmetic does; unsigned, so that it is defined. */
static int32_t plus(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

static void add_immediate(struct da_mips_track *t, uint32_t i)
{
	unsigned rs = da_mips_rs(i);

	da_mips_track_set(t, da_mips_rt(i), t->known[rs], plus(t->value[rs], da_mips_simm(i)));
}

static void or_immediate(struct da_mips_track *t, uint32_t i)
{
	unsigned rs = da_mips_rs(i);

	if (t->known[rs] == DA_MIPS_CONST)
		da_mips_track_set(t, da_mips_rt(i), DA_MIPS_CONST,
				  (int32_t)((uint32_t)t->value[rs] | (i & 0xffff)));
	else
		forget(t, da_mips_rt(i));
}

/* lui; in Release 6 aui, which adds rs. */
static void upper_immediate(struct da_mips_track *t, uint32_t i)
{
	unsigned rs = da_mips_rs(i);

	da_mips_track_set(t, da_mips_rt(i), t->known[rs], plus(t->value[rs], (int32_t)(i << 16)));
}

/* rd = rs + rt, where one of them is a constant. */
static void add(struct da_mips_track *t, uint32_t i)
{
	unsigned a = da_mips_rs(i), b = da_mips_rt(i);

	if (t->known[a] == DA_MIPS_CONST) {
		a = da_mips_rt(i);
		b = da_mips_rs(i);
	}
	if (t->known[b] == DA_MIPS_CONST)
		da_mips_track_set(t, da_mips_rd(i), t->known[a], plus(t->value[a], t->value[b]));
	else
		forget(t, da_mips_rd(i));
}

static void subtract(struct da_mips_track *t, uint32_t i)
{
	unsigned a = da_mips_rs(i), b = da_mips_rt(i);

	if (t->known[b] == DA_MIPS_CONST)
		da_mips_track_set(t, da_mips_rd(i), t->known[a],
				  plus(t->value[a], (int32_t)(0 - (uint32_t)t->value[b])));
	else
		forget(t, da_mips_rd(i));
}

static void special(struct da_mips_track *t, uint32_t i)
{
	switch (da_mips_funct(i)) {
	case 0x21: /* addu */
	case 0x2d: /* daddu */ add(t, i); return;
	case 0x25: /* or, as a move */
		if (da_mips_rs(i) == 0 || da_mips_rt(i) == 0)
			add(t, i);
		else
			forget(t, da_mips_rd(i));
		return;
	case 0x23: /* subu */
	case 0x2f: /* dsubu */ subtract(t, i); return;
	}
	forget(t, da_mips_rd(i));
}

/* The byte swaps and indexed loads write rd; in ext and ins that field is a bit number. */
static void special3(struct da_mips_track *t, uint32_t i)
{
	switch (da_mips_funct(i)) {
	case 0x0a: /* lwx and kin */
	case 0x20: /* seb, seh, wsbh */
	case 0x24: /* dsbh, dshd */ forget(t, da_mips_rd(i)); return;
	}
	forget(t, da_mips_rt(i));
}

/* Whether an instruction with this opcode (none that step() knows) writes its rt field. */
static bool writes_rt(uint32_t i)
{
	unsigned op = da_mips_op(i);

	if (op >= 0x10 && op <= 0x12) /* coprocessors: the moves from them */
		return da_mips_rs(i) < 4;
	return (op >= 0x08 && op <= 0x0f) || (op >= 0x18 && op <= 0x1f) ||
	       (op >= 0x20 && op <= 0x27) || op == 0x30 || op == 0x34 || op == 0x37 || op == 0x38 ||
	       op == 0x3c;
}

void da_mips_track_step(struct da_mips_track *t, uint32_t i)
{
	switch (da_mips_op(i)) {
	case 0x00: special(t, i); return;
	case 0x08: /* addi */
	case 0x09: /* addiu */
	case 0x18: /* daddi */
	case 0x19: /* daddiu */ add_immediate(t, i); return;
	case 0x0d: or_immediate(t, i); return;
	case 0x0f: upper_immediate(t, i); return;
	case 0x1c: forget(t, da_mips_rd(i)); return; /* SPECIAL2 */
	case 0x1f: special3(t, i); return;
	case 0x3b: /* Release 6: pc-relative */ forget(t, da_mips_rs(i)); return;
	}
	if (writes_rt(i))
		forget(t, da_mips_rt(i));
}
