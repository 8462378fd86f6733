/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/riscv/insn.h"

/* @n bits of @i from bit @from on, moved to bit @to. */
static inline uint32_t bits(uint32_t i, unsigned from, unsigned n, unsigned to)
{
	return (i >> from & ((1u << n) - 1)) << to;
}

static inline int32_t sign(uint32_t v, unsigned width)
{
	return (int32_t)(v << (32 - width)) >> (32 - width);
}

static void set(struct da_riscv_insn *out, enum da_riscv_op op, uint32_t rd, uint32_t rs1,
		int32_t imm)
{
	out->op = (uint8_t)op;
	out->rd = (uint8_t)rd;
	out->rs1 = (uint8_t)rs1;
	out->imm = imm;
}

/* jalr, c.jr, c.jalr; t0 is the link register of millicode and PLTs. */
static void set_jump_register(struct da_riscv_insn *out, uint32_t rd, uint32_t rs1)
{
	set(out, rd == DA_RISCV_ZERO ? DA_RISCV_JUMP_REGISTER : DA_RISCV_CALL, rd, rs1, 0);
}

static void set_store(struct da_riscv_insn *out, uint32_t rs2, uint32_t rs1, int32_t imm)
{
	set(out, DA_RISCV_STORE, 0, rs1, imm);
	out->rs2 = (uint8_t)rs2;
}

/* Arithmetic: opcode 0x33, funct3 0. */
static void set_sum(struct da_riscv_insn *out, uint32_t i)
{
	uint32_t funct7 = i >> 25;

	if (funct7 == 0 || funct7 == 0x20)
		set(out, funct7 ? DA_RISCV_SUB : DA_RISCV_ADD, bits(i, 7, 5, 0), bits(i, 15, 5, 0),
		    0);
	out->rs2 = (uint8_t)bits(i, 20, 5, 0);
}

static void decode_long(uint32_t i, unsigned word, struct da_riscv_insn *out)
{
	uint32_t rd = bits(i, 7, 5, 0), rs1 = bits(i, 15, 5, 0), rs2 = bits(i, 20, 5, 0);
	uint32_t funct3 = bits(i, 12, 3, 0), whole = word == 8 ? 3 : 2;
	int32_t imm = (int32_t)i >> 20;

	out->size = 4;
	out->rd = (uint8_t)rd;
	switch (i & 0x7f) {
	case 0x13:
		if (funct3 == 0)
			set(out, DA_RISCV_ADDI, rd, rs1, imm);
		break;
	case 0x33:
		if (funct3 == 0)
			set_sum(out, i);
		break;
	case 0x37: set(out, DA_RISCV_LUI, rd, 0, (int32_t)(i & 0xfffff000)); break;
	case 0x03:
		if (funct3 == whole)
			set(out, DA_RISCV_LOAD, rd, rs1, imm);
		break;
	case 0x23:
		if (funct3 == whole)
			set_store(out, rs2, rs1, sign(bits(i, 25, 7, 5) | rd, 12));
		break;
	case 0x63: set(out, DA_RISCV_BRANCH, 0, 0, 0); break;
	case 0x67: set_jump_register(out, rd, rs1); break;
	case 0x6f:
		imm = sign(bits(i, 31, 1, 20) | bits(i, 12, 8, 12) | bits(i, 20, 1, 11) |
				   bits(i, 21, 10, 1),
			   21);
		set(out, rd == DA_RISCV_ZERO ? DA_RISCV_JUMP : DA_RISCV_CALL, rd, 0, imm);
		break;
	}
}

static int32_t jump_offset(uint32_t i)
{
	return sign(bits(i, 12, 1, 11) | bits(i, 11, 1, 4) | bits(i, 9, 2, 8) | bits(i, 8, 1, 10) |
			    bits(i, 7, 1, 6) | bits(i, 6, 1, 7) | bits(i, 3, 3, 1) |
			    bits(i, 2, 1, 5),
		    12);
}

/* Quadrant 1. */
static void decode_c1(uint32_t i, unsigned word, struct da_riscv_insn *out)
{
	uint32_t rd = bits(i, 7, 5, 0);
	int32_t imm = sign(bits(i, 12, 1, 5) | bits(i, 2, 5, 0), 6);

	switch (i >> 13) {
	case 0: set(out, DA_RISCV_ADDI, rd, rd, imm); break;
	case 1:
		if (word == 4)
			set(out, DA_RISCV_CALL, DA_RISCV_RA, 0, jump_offset(i));
		break;
	case 2: set(out, DA_RISCV_ADDI, rd, DA_RISCV_ZERO, imm); break;
	case 3:
		if (rd == DA_RISCV_SP)
			set(out, DA_RISCV_ADDI, rd, rd,
			    sign(bits(i, 12, 1, 9) | bits(i, 6, 1, 4) | bits(i, 5, 1, 6) |
					 bits(i, 3, 2, 7) | bits(i, 2, 1, 5),
				 10));
		else
			set(out, DA_RISCV_LUI, rd, 0, (int32_t)((uint32_t)imm << 12));
		break;
	case 5: set(out, DA_RISCV_JUMP, 0, 0, jump_offset(i)); break;
	case 6: /* fall through */
	case 7: set(out, DA_RISCV_BRANCH, 0, 0, 0); break;
	}
}

/* c.jr, c.mv, c.jalr, c.add */
static void decode_register(uint32_t i, struct da_riscv_insn *out)
{
	uint32_t rd = bits(i, 7, 5, 0), rs2 = bits(i, 2, 5, 0);
	bool upper = i & 0x1000;

	if (rs2 == 0 && rd != 0) {
		set_jump_register(out, upper ? DA_RISCV_RA : DA_RISCV_ZERO, rd);
	} else if (rs2 != 0) {
		if (upper)
			set(out, DA_RISCV_ADD, rd, rd, 0);
		else
			set(out, DA_RISCV_ADDI, rd, rs2, 0);
		out->rs2 = (uint8_t)rs2;
	}
}

/* Quadrant 2: loads and stores relative to sp. */
static void decode_c2(uint32_t i, unsigned word, struct da_riscv_insn *out)
{
	uint32_t rd = bits(i, 7, 5, 0), rs2 = bits(i, 2, 5, 0);
	uint32_t load4 = bits(i, 12, 1, 5) | bits(i, 4, 3, 2) | bits(i, 2, 2, 6);
	uint32_t load8 = bits(i, 12, 1, 5) | bits(i, 5, 2, 3) | bits(i, 2, 3, 6);
	uint32_t store4 = bits(i, 9, 4, 2) | bits(i, 7, 2, 6);
	uint32_t store8 = bits(i, 10, 3, 3) | bits(i, 7, 3, 6);

	switch (i >> 13) {
	case 2:
		if (word == 4)
			set(out, DA_RISCV_LOAD, rd, DA_RISCV_SP, (int32_t)load4);
		break;
	case 3:
		if (word == 8)
			set(out, DA_RISCV_LOAD, rd, DA_RISCV_SP, (int32_t)load8);
		break;
	case 4: decode_register(i, out); break;
	case 6:
		if (word == 4)
			set_store(out, rs2, DA_RISCV_SP, (int32_t)store4);
		break;
	case 7:
		if (word == 8)
			set_store(out, rs2, DA_RISCV_SP, (int32_t)store8);
		break;
	}
}

static void decode_short(uint32_t i, unsigned word, struct da_riscv_insn *out)
{
	out->size = 2;
	switch (i & 3) {
	case 0: /* c.addi4spn; loads and stores of other bases are no concern */
		if (i >> 13 == 0)
			set(out, DA_RISCV_ADDI, 8 + bits(i, 2, 3, 0), DA_RISCV_SP,
			    (int32_t)(bits(i, 11, 2, 4) | bits(i, 7, 4, 6) | bits(i, 6, 1, 2) |
				      bits(i, 5, 1, 3)));
		break;
	case 1: decode_c1(i, word, out); break;
	default: decode_c2(i, word, out); break;
	}
}

void da_riscv_decode(const struct da_image *text, da_addr pc, struct da_riscv_insn *out)
{
	uint32_t i;

	out->op = DA_RISCV_OTHER;
	out->rd = 0;
	out->rs1 = 0;
	out->rs2 = 0;
	out->size = 0;
	out->imm = 0;
	if (!da_riscv_has(text, pc, 2))
		return;
	i = da_riscv_half(text, pc);
	if ((i & 3) != 3)
		decode_short(i, text->word, out);
	else if (da_riscv_has(text, pc, 4))
		decode_long(i | da_riscv_half(text, pc + 2) << 16, text->word, out);
}
