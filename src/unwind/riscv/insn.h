/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** RISC-V instructions, as far as they make frames: RV32 and RV64, I and C. */
#ifndef DA_UNWIND_RISCV_INSN_H
#define DA_UNWIND_RISCV_INSN_H

#include "unwind/cursor.h"

enum da_riscv_register {
	DA_RISCV_ZERO = 0,
	DA_RISCV_RA = 1,
	DA_RISCV_SP = 2,
	DA_RISCV_T0 = 5,
	DA_RISCV_S0 = 8,
};

/** What an instruction does, as scanners see it. */
enum da_riscv_op {
	DA_RISCV_OTHER = 0,
	DA_RISCV_ADDI, /**< rd = rs1 + imm, also li and mv */
	DA_RISCV_ADD, /**< rd = rs1 + rs2 */
	DA_RISCV_SUB, /**< rd = rs1 - rs2 */
	DA_RISCV_LUI, /**< rd = imm */
	DA_RISCV_LOAD, /**< rd = [rs1 + imm], a whole register */
	DA_RISCV_STORE, /**< [rs1 + imm] = rs2, a whole register */
	DA_RISCV_CALL, /**< jumps, leaving the return address in ra or t0 */
	DA_RISCV_JUMP, /**< jumps to pc + imm */
	DA_RISCV_JUMP_REGISTER, /**< jumps to what rs1 says; ra: returns */
	DA_RISCV_BRANCH, /**< jumps on a condition */
};

struct da_riscv_insn {
	uint8_t op; /**< enum da_riscv_op */
	uint8_t rd, rs1, rs2;
	uint8_t size; /**< 2 or 4 bytes; 0: it is not in the text */
	int32_t imm;
};

/** Whether [pc, pc + n) lies in the text. */
static inline bool da_riscv_has(const struct da_image *text, da_addr pc, size_t n)
{
	return pc % 2 == 0 && pc >= text->lo && text->size >= n && pc - text->lo <= text->size - n;
}

/** The two bytes at @pc, which are in the text. */
static inline uint32_t da_riscv_half(const struct da_image *text, da_addr pc)
{
	const uint8_t *b = text->bytes + (size_t)(pc - text->lo);

	return b[0] | (uint32_t)b[1] << 8;
}

/**
 * Decode the instruction at @pc.
 * Source: The RISC-V Instruction Set Manual, Volume I, 20191213, chapters 2, 16 and 24.
 */
void da_riscv_decode(const struct da_image *text, da_addr pc, struct da_riscv_insn *out);

#endif
