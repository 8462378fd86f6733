/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the scanners need to know of MIPS instructions (32-bit encodings, MIPS I to Release 6).
 *
 * Source: MIPS Architecture For Programmers Volume II-A, releases 5.04 and 6.06.
 */
#ifndef DA_UNWIND_MIPS_INSN_H
#define DA_UNWIND_MIPS_INSN_H

#include "base/bytes.h"
#include "unwind/cursor.h"

/** The code of a module. */
struct da_mips_text {
	struct da_image image;
	/** Release 6: other jump encodings, calls without delay slot. */
	bool r6;
	/** Code at odd addresses is microMIPS, not MIPS16e. No rules for that. */
	bool micro;
};

enum da_mips_register {
	DA_MIPS_ZERO = 0,
	DA_MIPS_V0 = 2,
	DA_MIPS_A0 = 4,
	DA_MIPS_S1 = 17,
	DA_MIPS_S2 = 18,
	DA_MIPS_T9 = 25,
	DA_MIPS_GP = 28,
	DA_MIPS_SP = 29,
	DA_MIPS_S8 = 30,
	DA_MIPS_RA = 31,
};

/** Whether the word at @pc can be read. */
static inline bool da_mips_has(const struct da_mips_text *t, da_addr pc)
{
	return pc % 4 == 0 && pc >= t->image.lo && t->image.size >= 4 &&
	       pc - t->image.lo <= t->image.size - 4;
}

/** The instruction at @pc; 0 (nop) where there is none. */
static inline uint32_t da_mips_at(const struct da_mips_text *t, da_addr pc)
{
	const uint8_t *b;

	if (!da_mips_has(t, pc))
		return 0;
	b = t->image.bytes + (size_t)(pc - t->image.lo);
	return t->image.big_endian ? da_load_be32(b) : da_load_le32(b);
}

static inline unsigned da_mips_op(uint32_t i)
{
	return i >> 26;
}

static inline unsigned da_mips_rs(uint32_t i)
{
	return i >> 21 & 31;
}

static inline unsigned da_mips_rt(uint32_t i)
{
	return i >> 16 & 31;
}

static inline unsigned da_mips_rd(uint32_t i)
{
	return i >> 11 & 31;
}

static inline unsigned da_mips_funct(uint32_t i)
{
	return i & 63;
}

static inline int32_t da_mips_simm(uint32_t i)
{
	return (int16_t)i;
}

/** jal, jalx, jalr ra, bal and its conditional kin: calls with a delay slot. */
static inline bool da_mips_is_call(const struct da_mips_text *t, uint32_t i)
{
	switch (da_mips_op(i)) {
	case 0x00: return da_mips_funct(i) == 0x09 && da_mips_rd(i) == DA_MIPS_RA;
	case 0x01: return (da_mips_rt(i) & 0x1c) == 0x10;
	case 0x03: return true;
	case 0x1d: return !t->r6;
	}
	return false;
}

/**
 * Release 6 balc, jialc and the conditional kin (beqzalc, bnezalc, blezalc, bgezalc, bgtzalc,
 * bltzalc): calls that return to the next instruction.
 */
static inline bool da_mips_is_compact_call(const struct da_mips_text *t, uint32_t i)
{
	unsigned rs = da_mips_rs(i), rt = da_mips_rt(i);

	if (!t->r6)
		return false;
	switch (da_mips_op(i)) {
	case 0x06:
	case 0x07: return rt != 0 && (rs == 0 || rs == rt);
	case 0x08:
	case 0x18: return rt != 0 && rs == 0;
	case 0x3a: return true;
	case 0x3e: return rs == 0;
	}
	return false;
}

/** jr (Release 6: jalr zero) through any register; the register is the rs field. */
static inline bool da_mips_is_jr(uint32_t i)
{
	return da_mips_op(i) == 0 && (da_mips_funct(i) == 0x08 || da_mips_funct(i) == 0x09) &&
	       da_mips_rd(i) == 0 && da_mips_rt(i) == 0;
}

/** Bytes from a stored register to its low word: where the target's word is in an 8-byte slot. */
static inline int32_t da_mips_low_word(const struct da_mips_text *t, bool wide)
{
	return wide && t->image.word == 4 && t->image.big_endian ? 4 : 0;
}

/** The offset of Loongson's gssq and gslq, which move two registers of 8 bytes. */
static inline int32_t da_mips_pair_offset(uint32_t i)
{
	return ((int32_t)(i << 17) >> 23) * 16;
}

/**
 * Whether @i stores register @reg, or loads it if @load: sw, sd, lw, ld, and Loongson's gssq and
 * gslq (binutils' opcodes; Linux asm/inst.h, loongson3_lswc2_format). The address of its low word
 * is the register da_mips_rs(i) + *offset_out.
 */
static inline bool da_mips_is_access(const struct da_mips_text *t, uint32_t i, bool load,
				     unsigned reg, int32_t *offset_out)
{
	unsigned op = da_mips_op(i);
	bool wide = op == (load ? 0x37u : 0x3fu);

	if ((wide || op == (load ? 0x23u : 0x2bu)) && da_mips_rt(i) == reg) {
		*offset_out = da_mips_simm(i) + da_mips_low_word(t, wide);
		return true;
	}
	if (t->r6 || op != (load ? 0x32u : 0x3au) || (i & 0x8020) != 0x0020)
		return false;
	*offset_out = da_mips_pair_offset(i) + da_mips_low_word(t, true);
	if (da_mips_rt(i) == reg)
		return true;
	*offset_out += 8;
	return (i & 31) == reg;
}

/** sw, sd or gssq of @reg. */
static inline bool da_mips_is_store(const struct da_mips_text *t, uint32_t i, unsigned reg)
{
	int32_t offset;

	return da_mips_is_access(t, i, false, reg, &offset);
}

/** lw, ld or gslq of @reg. */
static inline bool da_mips_is_load(const struct da_mips_text *t, uint32_t i, unsigned reg)
{
	int32_t offset;

	return da_mips_is_access(t, i, true, reg, &offset);
}

/**
 * addu or daddu gp, gp, t9: part of what a gcc PIC function begins with, and of nothing else. (t9
 * holds the function's own address at its entry only.)
 */
static inline bool da_mips_is_gp_setup(uint32_t i)
{
	return i == 0x0399e021 || i == 0x0399e02d;
}

#endif
