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
};

enum da_mips_register {
	DA_MIPS_ZERO = 0,
	DA_MIPS_V0 = 2,
	DA_MIPS_A0 = 4,
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

/** Release 6 balc and jialc: calls that return to the next instruction. */
static inline bool da_mips_is_compact_call(const struct da_mips_text *t, uint32_t i)
{
	if (!t->r6)
		return false;
	return da_mips_op(i) == 0x3a || (da_mips_op(i) == 0x3e && da_mips_rs(i) == 0);
}

/** jr (Release 6: jalr zero) through any register; the register is the rs field. */
static inline bool da_mips_is_jr(uint32_t i)
{
	return da_mips_op(i) == 0 && (da_mips_funct(i) == 0x08 || da_mips_funct(i) == 0x09) &&
	       da_mips_rd(i) == 0 && da_mips_rt(i) == 0;
}

/** Release 6 jic; the register is the rt field. */
static inline bool da_mips_is_compact_jr(const struct da_mips_text *t, uint32_t i)
{
	return t->r6 && da_mips_op(i) == 0x36 && da_mips_rs(i) == 0;
}

/** b (beq zero, zero), with a delay slot. */
static inline bool da_mips_is_b(uint32_t i)
{
	return i >> 16 == 0x1000;
}

/** Release 6 bc, without a delay slot. */
static inline bool da_mips_is_compact_b(const struct da_mips_text *t, uint32_t i)
{
	return t->r6 && da_mips_op(i) == 0x32;
}

/** beq, bne, blez, bgtz, their likely forms, bltz and kin, bc1: conditional, 16-bit offset. */
static inline bool da_mips_is_branch(const struct da_mips_text *t, uint32_t i)
{
	unsigned op = da_mips_op(i);

	return (op >= 0x04 && op <= 0x07) || (op >= 0x14 && op <= 0x17) ||
	       (op == 0x01 && !da_mips_is_call(t, i)) ||
	       (op == 0x11 && (da_mips_rs(i) & 0x1b) == 8);
}

/** Target of a b or conditional branch at @pc. */
static inline da_addr da_mips_branch_target(da_addr pc, uint32_t i)
{
	return pc + 4 + (da_addr)((int64_t)da_mips_simm(i) * 4);
}

/** Target of a bc at @pc. */
static inline da_addr da_mips_compact_target(da_addr pc, uint32_t i)
{
	int32_t words = (int32_t)(i << 6) >> 6;

	return pc + 4 + (da_addr)((int64_t)words * 4);
}

/** sw or sd of @reg. */
static inline bool da_mips_is_store(uint32_t i, unsigned reg)
{
	return (da_mips_op(i) == 0x2b || da_mips_op(i) == 0x3f) && da_mips_rt(i) == reg;
}

/** lw or ld of @reg. */
static inline bool da_mips_is_load(uint32_t i, unsigned reg)
{
	return (da_mips_op(i) == 0x23 || da_mips_op(i) == 0x37) && da_mips_rt(i) == reg;
}

/** Bytes from a stored register to its low word: where the target's word is in an 8-byte slot. */
static inline int32_t da_mips_low_word(const struct da_mips_text *t, uint32_t access)
{
	bool wide = da_mips_op(access) == 0x3f || da_mips_op(access) == 0x37;

	return wide && t->image.word == 4 && t->image.big_endian ? 4 : 0;
}

#endif
