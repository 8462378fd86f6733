/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/mips16.h"

/* The eight registers that most instructions can name. */
static const uint8_t numbers[8] = { 16, 17, 2, 3, 4, 5, 6, 7 };

/* $24, which comparisons write. */
#define T8 24

/* Major opcodes, and the minor ones of I8. */
enum op {
	ADDIUSP = 0x00,
	ADDIUPC = 0x01,
	B = 0x02,
	JAL = 0x03,
	BEQZ = 0x04,
	BNEZ = 0x05,
	SHIFT = 0x06,
	RRI_A = 0x08,
	ADDIU8 = 0x09,
	SLTI = 0x0a,
	SLTIU = 0x0b,
	I8 = 0x0c,
	LI = 0x0d,
	CMPI = 0x0e,
	LB = 0x10,
	LH = 0x11,
	LWSP = 0x12,
	LHU = 0x15,
	LWPC = 0x16,
	LWU = 0x17,
	RRR = 0x1c,
	RR = 0x1d,
	EXTEND = 0x1e,
};

enum i8_op {
	BTEQZ = 0,
	BTNEZ = 1,
	ADJSP = 3,
	SVRS = 4,
	MOV32R = 5,
	MOVR32 = 7,
};

static uint32_t half(const struct da_mips_text *t, da_addr pc)
{
	const uint8_t *b = t->image.bytes + (size_t)(pc - t->image.lo);

	return t->image.big_endian ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

bool da_mips16_has(const struct da_mips_text *t, da_addr pc)
{
	return pc % 2 == 0 && pc >= t->image.lo && t->image.size >= 2 &&
	       pc - t->image.lo <= t->image.size - 2;
}

uint32_t da_mips16_at(const struct da_mips_text *text, da_addr pc)
{
	uint32_t i = da_mips16_has(text, pc) ? half(text, pc) : 0;

	if (i >> 11 != EXTEND && i >> 11 != JAL)
		return i;
	return da_mips16_has(text, pc + 2) ? i << 16 | half(text, pc + 2) : 0;
}

static bool is_jal(uint32_t i)
{
	return i >> 27 == JAL;
}

static unsigned op_of(uint32_t i)
{
	return is_jal(i) ? JAL : i >> 11 & 31;
}

static unsigned rx(uint32_t i)
{
	return numbers[i >> 8 & 7];
}

static unsigned ry(uint32_t i)
{
	return numbers[i >> 5 & 7];
}

static unsigned rz(uint32_t i)
{
	return numbers[i >> 2 & 7];
}

/* The 16 bits of an extended immediate. */
static int32_t extended(uint32_t i)
{
	uint32_t e = i >> 16;

	return (int16_t)((e & 0x1f) << 11 | (e & 0x7e0) | (i & 0x1f));
}

/* An immediate: extended, or the signed low @bits of the short form, times
 * @unit. */
static int32_t immediate(uint32_t i, unsigned bits, int32_t unit)
{
	if (i > 0xffff)
		return extended(i);
	return ((int32_t)(i << (32 - bits)) >> (32 - bits)) * unit;
}

/* The same, unsigned in the short form. */
static int32_t offset(uint32_t i, int32_t unit)
{
	return i > 0xffff ? extended(i) : (int32_t)(i & 0xff) * unit;
}

bool da_mips16_is_save(uint32_t i, struct da_mips16_save *out)
{
	uint32_t e = i >> 16, words = 0, s = 0;

	if (op_of(i) != I8 || (i >> 8 & 7) != SVRS)
		return false;
	out->restores = !(i & 0x80);
	out->has_ra = i & 0x40;
	out->size = (int32_t)((e & 0xf0) | (i & 15)) * 8;
	if (i <= 0xffff && out->size == 0)
		out->size = 128;
	words = out->has_ra;
	/* s2 to s8, the highest first; then s1, then s0 */
	s = e >> 8 & 7;
	out->s8_words = (uint8_t)(s == 7 ? words + 1 : 0);
	words += s;
	out->s1_words = (uint8_t)(i & 0x10 ? words + 1 : 0);
	return true;
}

/* jr, jalr and their forms without delay slot. */
static void read_register_jump(uint32_t i, struct da_mips_flow *f)
{
	f->slot = !(i & 0x80);
	f->kind = i & 0x40 ? DA_MIPS_CALL : DA_MIPS_JUMP_REGISTER;
	f->reg = (uint8_t)(i & 0x20 ? DA_MIPS_RA : rx(i));
}

static void branch(struct da_mips_flow *f, da_addr pc, uint32_t i, unsigned bits)
{
	f->kind = bits == 11 ? DA_MIPS_JUMP : DA_MIPS_BRANCH;
	f->target = pc + da_mips16_length(i) + (da_addr)((int64_t)immediate(i, bits, 1) * 2);
}

void da_mips16_flow_read(da_addr pc, uint32_t i, struct da_mips_flow *out)
{
	*out = (struct da_mips_flow){ .kind = DA_MIPS_PLAIN };
	switch (op_of(i)) {
	case JAL:
		out->kind = DA_MIPS_CALL;
		out->slot = true;
		return;
	case B: branch(out, pc, i, 11); return;
	case BEQZ:
	case BNEZ: branch(out, pc, i, 8); return;
	case I8:
		if ((i >> 8 & 7) == BTEQZ || (i >> 8 & 7) == BTNEZ)
			branch(out, pc, i, 8);
		return;
	case RR:
		if ((i & 0x1f) == 0 && i <= 0xffff)
			read_register_jump(i, out);
		return;
	}
}

unsigned da_mips16_call_before(const struct da_mips_text *text, da_addr pc)
{
	struct da_mips_flow f;
	da_addr at;

	for (unsigned back = 2; back <= 6 && back <= pc; back += 2) {
		uint32_t i;

		at = pc - back;
		if (!da_mips16_has(text, at))
			return 0;
		i = da_mips16_at(text, at);
		da_mips16_flow_read(at, i, &f);
		if (f.kind == DA_MIPS_CALL && da_mips16_length(i) + (f.slot ? 2 : 0) == back)
			return back;
	}
	return 0;
}

/* rd = register a + b, where one of the two is a constant; b negated if @minus.
 */
static void add(struct da_mips_track *t, unsigned rd, unsigned a, unsigned b, bool minus)
{
	uint32_t x, y;

	if (t->known[b] != DA_MIPS_CONST && !minus) {
		unsigned swap = a;

		a = b;
		b = swap;
	}
	x = (uint32_t)t->value[a];
	y = (uint32_t)t->value[b];
	if (t->known[b] == DA_MIPS_CONST)
		da_mips_track_set(t, rd, t->known[a], (int32_t)(minus ? x - y : x + y));
	else
		da_mips_track_set(t, rd, DA_MIPS_UNKNOWN, 0);
}

static void add_immediate(struct da_mips_track *t, unsigned rd, unsigned rs, int32_t n)
{
	da_mips_track_set(t, rd, t->known[rs], (int32_t)((uint32_t)t->value[rs] + (uint32_t)n));
}

static void forget(struct da_mips_track *t, unsigned reg)
{
	da_mips_track_set(t, reg, DA_MIPS_UNKNOWN, 0);
}

/* The 15 bits of an extended addiu ry, rx. */
static int32_t rri_immediate(uint32_t i)
{
	uint32_t e = i >> 16;
	uint32_t v = (e & 15) << 11 | (e & 0x7f0) | (i & 15);

	return i > 0xffff ? (int32_t)(v << 17) >> 17 : (int32_t)(i << 28) >> 28;
}

static void shift(struct da_mips_track *t, uint32_t i)
{
	unsigned n = i > 0xffff ? i >> 22 & 31 : (i >> 2 & 7 ? i >> 2 & 7 : 8);

	if ((i & 3) == 0 && t->known[ry(i)] == DA_MIPS_CONST)
		da_mips_track_set(t, rx(i), DA_MIPS_CONST,
				  (int32_t)((uint32_t)t->value[ry(i)] << n));
	else
		forget(t, rx(i));
}

da_addr da_mips16_constant(da_addr pc, uint32_t i)
{
	return op_of(i) == LWPC ? (pc & ~(da_addr)3) + (da_addr)(int64_t)offset(i, 4) : 0;
}

/* A word of the text behind the function. */
static void load_constant(struct da_mips_track *t, const struct da_mips_text *text, da_addr pc,
			  uint32_t i)
{
	da_addr at = da_mips16_constant(pc, i);

	if (at % 4 == 0 && da_mips_has(text, at))
		da_mips_track_set(t, rx(i), DA_MIPS_CONST, (int32_t)da_mips_at(text, at));
	else
		forget(t, rx(i));
}

static void step_i8(struct da_mips_track *t, uint32_t i)
{
	switch (i >> 8 & 7) {
	case ADJSP: add_immediate(t, DA_MIPS_SP, DA_MIPS_SP, immediate(i, 8, 8)); return;
	case MOV32R: add_immediate(t, (i >> 5 & 7) | (i & 0x18), numbers[i & 7], 0); return;
	case MOVR32: add_immediate(t, ry(i), i & 31, 0); return;
	}
}

static void step_rr(struct da_mips_track *t, uint32_t i)
{
	switch (i & 0x1f) {
	case 0x02: /* slt, sltu, cmp */
	case 0x03:
	case 0x0a: forget(t, T8); return;
	case 0x04: /* sllv, srlv, srav */
	case 0x06:
	case 0x07: forget(t, ry(i)); return;
	case 0x0b: add(t, rx(i), DA_MIPS_ZERO, ry(i), true); return;
	case 0x0c: /* and, or, xor, not; mfhi, zeb and kin, mflo */
	case 0x0d:
	case 0x0e:
	case 0x0f:
	case 0x10:
	case 0x11:
	case 0x12: forget(t, rx(i)); return;
	}
}

void da_mips16_track_step(struct da_mips_track *t, const struct da_mips_text *text, da_addr pc,
			  uint32_t i)
{
	switch (op_of(i)) {
	case ADDIUSP: add_immediate(t, rx(i), DA_MIPS_SP, offset(i, 4)); return;
	case SHIFT: shift(t, i); return;
	case RRI_A: add_immediate(t, ry(i), rx(i), rri_immediate(i)); return;
	case ADDIU8: add_immediate(t, rx(i), rx(i), immediate(i, 8, 1)); return;
	case SLTI:
	case SLTIU:
	case CMPI: forget(t, T8); return;
	case I8: step_i8(t, i); return;
	case LI: da_mips_track_set(t, rx(i), DA_MIPS_CONST, offset(i, 1) & 0xffff); return;
	case LWPC: load_constant(t, text, pc, i); return;
	case ADDIUPC:
	case LWSP: forget(t, rx(i)); return;
	case RRR: add(t, rz(i), rx(i), ry(i), i & 2); return;
	case RR: step_rr(t, i); return;
	}
	if (op_of(i) >= LB && op_of(i) <= LWU)
		forget(t, ry(i));
}
