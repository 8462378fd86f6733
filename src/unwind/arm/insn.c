/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/arm/insn.h"

static void set(struct da_arm_insn *out, enum da_arm_op op, uint32_t reg, int32_t imm)
{
	out->op = (uint8_t)op;
	out->reg = (uint8_t)reg;
	out->imm = imm;
}

/* Registers stored at the new sp, and @more bytes of room above them. */
static void set_push(struct da_arm_insn *out, uint32_t mask, int32_t more)
{
	set(out, DA_ARM_PUSH, 0, more);
	out->mask = (uint16_t)mask;
}

/* reg = sp + imm; sp itself may be the target. */
static void set_from_sp(struct da_arm_insn *out, uint32_t reg, int32_t imm)
{
	set(out, reg == DA_ARM_SP ? DA_ARM_MOVE_SP : DA_ARM_FROM_SP, reg, imm);
}

static uint32_t rotate(uint32_t v, unsigned by)
{
	return by ? v >> by | v << (32 - by) : v;
}

/* ThumbExpandImm() */
static int32_t expand_thumb(uint32_t h1, uint32_t h2)
{
	uint32_t imm12 = (h1 >> 10 & 1) << 11 | (h2 >> 12 & 7) << 8 | (h2 & 0xff);
	uint32_t low = imm12 & 0xff;

	switch (imm12 >> 8) {
	case 0: return (int32_t)low;
	case 1: return (int32_t)(low | low << 16);
	case 2: return (int32_t)(low << 8 | low << 24);
	case 3: return (int32_t)(low * 0x01010101u);
	}
	return (int32_t)rotate(0x80 | (imm12 & 0x7f), imm12 >> 7);
}

static int32_t plain_thumb(uint32_t h1, uint32_t h2)
{
	return (int32_t)((h1 >> 10 & 1) << 11 | (h2 >> 12 & 7) << 8 | (h2 & 0xff));
}

static void decode_thumb16(uint32_t h, struct da_arm_insn *out)
{
	uint32_t rd = (h & 7) | (h >> 4 & 8), rm = h >> 3 & 15;

	if ((h & 0xfe00) == 0xb400)
		set_push(out, (h & 0xff) | (h >> 8 & 1) << DA_ARM_LR, 0);
	else if ((h & 0xff00) == 0xb000)
		set(out, DA_ARM_MOVE_SP, 0, (int32_t)(h & 0x7f) * (h & 0x80 ? -4 : 4));
	else if ((h & 0xf800) == 0xa800)
		set_from_sp(out, h >> 8 & 7, (int32_t)(h & 0xff) * 4);
	else if ((h & 0xff00) == 0x4600 && rd == DA_ARM_SP)
		set(out, DA_ARM_DYNAMIC, rm, 0);
	else if ((h & 0xff00) == 0x4600 && rm == DA_ARM_SP)
		set_from_sp(out, rd, 0);
	else if ((h & 0xff87) == 0x4485)
		set(out, DA_ARM_DYNAMIC, 0, 0);
	else if ((h & 0xff87) == 0x4780)
		set(out, DA_ARM_CALL, 0, 0);
	else if ((h & 0xff00) == 0x4700 || (h & 0xf000) == 0xd000 || (h & 0xf800) == 0xe000 ||
		 (h & 0xf500) == 0xb100 || (h & 0xff00) == 0xbd00)
		set(out, DA_ARM_BRANCH, 0, 0);
}

/* add, sub of sp and an immediate (S allowed): 11110 i 0 0 1000 S 1101, and the 12-bit forms. */
static bool decode_thumb_sum(uint32_t h1, uint32_t h2, struct da_arm_insn *out)
{
	uint32_t rd = h2 >> 8 & 15;
	uint32_t form = h1 & 0xfbff;

	if (h2 & 0x8000)
		return false;
	if (form == 0xf10d || form == 0xf11d)
		set_from_sp(out, rd, expand_thumb(h1, h2));
	else if (form == 0xf1ad || form == 0xf1bd)
		set_from_sp(out, rd, -expand_thumb(h1, h2));
	else if (form == 0xf20d)
		set_from_sp(out, rd, plain_thumb(h1, h2));
	else if (form == 0xf2ad)
		set_from_sp(out, rd, -plain_thumb(h1, h2));
	else
		return false;
	return true;
}

static void decode_thumb32(uint32_t h1, uint32_t h2, struct da_arm_insn *out)
{
	if (decode_thumb_sum(h1, h2, out))
		return;
	if (h1 == 0xe92d)
		set_push(out, h2, 0);
	else if (h1 == 0xf84d && (h2 & 0x0f00) == 0x0d00)
		set_push(out, 1u << (h2 >> 12), (int32_t)(h2 & 0xff) - 4);
	else if (h1 == 0xe96d)
		set_push(out, 1u << (h2 >> 12) | 1u << (h2 >> 8 & 15),
			 (int32_t)(h2 & 0xff) * 4 - 8);
	else if (h1 == 0xed2d && ((h2 & 0x0f00) == 0x0b00 || (h2 & 0x0f00) == 0x0a00))
		set(out, DA_ARM_MOVE_SP, 0, -(int32_t)(h2 & 0xff) * 4);
	else if ((h1 & 0xffef) == 0xebad && (h2 & 0x0f00) == 0x0d00)
		set(out, DA_ARM_DYNAMIC, 0, 0);
	else if ((h1 & 0xf800) == 0xf000 && (h2 & 0xc000) == 0xc000)
		set(out, DA_ARM_CALL, 0, 0); /* bl, blx */
	else if (((h1 & 0xf800) == 0xf000 || h1 == 0xe8bd) && (h2 & 0x8000))
		set(out, DA_ARM_BRANCH, 0, 0);
}

/* The immediate operand of A32 data processing. */
static int32_t expand_a32(uint32_t i)
{
	return (int32_t)rotate(i & 0xff, 2 * (i >> 8 & 15));
}

static void decode_a32_sum(uint32_t i, struct da_arm_insn *out)
{
	if ((i & 0xffff0000) == 0xe28d0000)
		set_from_sp(out, i >> 12 & 15, expand_a32(i));
	else if ((i & 0xffff0000) == 0xe24d0000)
		set_from_sp(out, i >> 12 & 15, -expand_a32(i));
	else if ((i & 0xffff0fff) == 0xe1a0000d)
		set_from_sp(out, i >> 12 & 15, 0);
	else if ((i & 0xfffff000) == 0xe04dd000 || (i & 0xfffffff0) == 0xe1a0d000)
		set(out, DA_ARM_DYNAMIC, 0, 0);
}

static void decode_a32(uint32_t i, struct da_arm_insn *out)
{
	uint32_t two = i >> 12 & 15;

	if ((i & 0xffff0000) == 0xe92d0000)
		set_push(out, i & 0xffff, 0);
	else if ((i & 0xffff0000) == 0xe52d0000)
		set_push(out, 1u << two, (int32_t)(i & 0xfff) - 4);
	else if ((i & 0xffff00f0) == 0xe16d00f0)
		set_push(out, 3u << two, (int32_t)((i >> 4 & 0xf0) | (i & 15)) - 8);
	else if ((i & 0xffff0e00) == 0xed2d0a00)
		set(out, DA_ARM_MOVE_SP, 0, -(int32_t)(i & 0xff) * 4);
	else if ((i & 0x0f000000) == 0x0b000000 || (i & 0xfe000000) == 0xfa000000 ||
		 (i & 0x0ffffff0) == 0x012fff30)
		set(out, DA_ARM_CALL, 0, 0);
	else if ((i & 0x0f000000) == 0x0a000000 || (i & 0x0ffffff0) == 0x012fff10 ||
		 (i & 0x0fff8000) == 0x08bd8000)
		set(out, DA_ARM_BRANCH, 0, 0);
	else
		decode_a32_sum(i, out);
}

void da_arm_decode(const struct da_image *text, da_addr pc, bool thumb, struct da_arm_insn *out)
{
	uint32_t h1;

	out->op = DA_ARM_OTHER;
	out->reg = 0;
	out->size = 0;
	out->mask = 0;
	out->imm = 0;
	if (!da_arm_has(text, pc, thumb ? 2 : 4))
		return;
	if (!thumb) {
		out->size = 4;
		decode_a32(da_arm_word(text, pc), out);
		return;
	}
	h1 = da_arm_half(text, pc);
	if (h1 < 0xe800) {
		out->size = 2;
		decode_thumb16(h1, out);
	} else if (da_arm_has(text, pc, 4)) {
		out->size = 4;
		decode_thumb32(h1, da_arm_half(text, pc + 2), out);
	}
}
