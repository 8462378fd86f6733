/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/riscv/special.h"

#include "unwind/riscv/insn.h"

#define ECALL 0x00000073
#define LI_A7_RT_SIGRETURN 0x08b00893
#define LI_A7_EXIT 0x05d00893

/* siginfo; then the ucontext up to its registers, which are 16-byte aligned. */
#define REGISTERS(word) (128 + ((2 * (word) + 3 * (word) + 128 + 15) & ~15))

/* Four bytes, which may be one instruction or two; 0 outside the text. */
static uint32_t word_at(const struct da_image *text, da_addr pc)
{
	if (!da_riscv_has(text, pc, 4))
		return 0;
	return da_riscv_half(text, pc) | da_riscv_half(text, pc + 2) << 16;
}

bool da_riscv_is_behind_call(const struct da_image *text, da_addr pc)
{
	struct da_riscv_insn i;

	for (unsigned size = 2; size <= 4; size += 2) {
		if (pc < size)
			return false;
		da_riscv_decode(text, pc - size, &i);
		if (i.size == size && i.op == DA_RISCV_CALL)
			return true;
	}
	return false;
}

bool da_riscv_special_find(const struct da_image *text, da_addr pc, struct da_rule *rule_out)
{
	int32_t word = text->word, registers = REGISTERS(word);
	uint32_t a = word_at(text, pc);

	if (a != LI_A7_RT_SIGRETURN && a != LI_A7_EXIT)
		return false;
	if (word_at(text, pc + 4) != ECALL)
		return false;
	if (a == LI_A7_EXIT) {
		*rule_out = (struct da_rule){ .kind = DA_RULE_END };
		return true;
	}
	*rule_out = (struct da_rule){
		.kind = DA_RULE_SIGNAL,
		.cfa_offset = registers + DA_RISCV_SP * word,
		.ra_offset = registers,
		.fp_offset = registers + DA_RISCV_S0 * word,
	};
	return true;
}
