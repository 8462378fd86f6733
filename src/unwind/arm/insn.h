/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** ARM instructions, A32 and Thumb-2, as far as they make frames. */
#ifndef DA_UNWIND_ARM_INSN_H
#define DA_UNWIND_ARM_INSN_H

#include "unwind/cursor.h"

enum da_arm_register {
	DA_ARM_R7 = 7,
	DA_ARM_R11 = 11,
	DA_ARM_SP = 13,
	DA_ARM_LR = 14,
};

/** What an instruction does, as scanners see it. */
enum da_arm_op {
	DA_ARM_OTHER = 0,
	/** Stores the registers in mask below sp, which goes down by 4 for each and by imm. */
	DA_ARM_PUSH,
	DA_ARM_MOVE_SP, /**< sp += imm */
	DA_ARM_DYNAMIC, /**< sp = something else */
	DA_ARM_FROM_SP, /**< reg = sp + imm */
	DA_ARM_CALL, /**< leaves the return address in lr */
	DA_ARM_BRANCH, /**< goes elsewhere, perhaps */
};

struct da_arm_insn {
	uint8_t op; /**< enum da_arm_op */
	uint8_t reg;
	uint8_t size; /**< 2 or 4 bytes; 0: it is not in the text */
	uint16_t mask; /**< of the registers pushed: bit n is r[n] */
	int32_t imm;
};

/** Code of a module; which instruction set it is, only the pcs' bit 0 tells. */
static inline bool da_arm_has(const struct da_image *text, da_addr pc, size_t n)
{
	return pc % 2 == 0 && pc >= text->lo && text->size >= n && pc - text->lo <= text->size - n;
}

/** The two bytes at @pc, which are in the text. Code is little-endian from ARMv6 on. */
static inline uint32_t da_arm_half(const struct da_image *text, da_addr pc)
{
	const uint8_t *b = text->bytes + (size_t)(pc - text->lo);

	return b[0] | (uint32_t)b[1] << 8;
}

/** Four bytes: an A32 instruction, or two Thumb ones, the first in the low half. 0 outside. */
static inline uint32_t da_arm_word(const struct da_image *text, da_addr pc)
{
	if (!da_arm_has(text, pc, 4))
		return 0;
	return da_arm_half(text, pc) | da_arm_half(text, pc + 2) << 16;
}

/**
 * Decode the instruction at @pc (bit 0 clear), of Thumb or A32 code.
 * Source: Arm Architecture Reference Manual ARMv7-A, chapters A5 and A6.
 */
void da_arm_decode(const struct da_image *text, da_addr pc, bool thumb, struct da_arm_insn *out);

#endif
