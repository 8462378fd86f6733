/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/special.h"

#include "unwind/mips/mips16.h"

#define SYSCALL 0x0000000c
#define LI_V0 0x24020000
/* exit, by which libc's start code of a thread ends it */
#define LI_V0_EXIT_O32 (LI_V0 | 4001)
#define LI_V0_EXIT_N64 (LI_V0 | 5058)
#define LI_V0_EXIT_N32 (LI_V0 | 6058)

unsigned da_mips_call_before(const struct da_mips_text *text, da_addr pc)
{
	if (pc & 1)
		return text->micro ? 0 : da_mips16_call_before(text, pc & ~(da_addr)1);
	if (pc % 4 != 0 || pc < 8)
		return 0;
	if (da_mips_has(text, pc - 4) && da_mips_is_compact_call(text, da_mips_at(text, pc - 4)))
		return 4;
	if (da_mips_has(text, pc - 8) && da_mips_is_call(text, da_mips_at(text, pc - 8)))
		return 8;
	return 0;
}

/*
 * A signal frame: offsets from sp of the saved pc and of the saved register 0. Registers are 8
 * bytes apart in all ABIs.
 */
static void set_signal(const struct da_mips_text *text, int32_t pc, int32_t regs,
		       struct da_rule *rule)
{
	int32_t low = text->image.word == 4 && text->image.big_endian ? 4 : 0;

	*rule = (struct da_rule){
		.kind = DA_RULE_SIGNAL,
		.cfa_offset = regs + DA_MIPS_SP * 8 + low,
		.ra_offset = pc + low,
		.fp_offset = regs + DA_MIPS_S8 * 8 + low,
	};
}

static bool find_signal(const struct da_mips_text *text, uint32_t i, struct da_rule *rule)
{
	switch (i) {
	case LI_V0 | 4119: set_signal(text, 24 + 8, 24 + 16, rule); return true;
	case LI_V0 | 4193: set_signal(text, 176 + 8, 176 + 16, rule); return true;
	case LI_V0 | 6211: set_signal(text, 176 + 576, 176, rule); return true;
	case LI_V0 | 5211: set_signal(text, 192 + 576, 192, rule); return true;
	}
	return false;
}

static bool is_exit(uint32_t i)
{
	return i == LI_V0_EXIT_O32 || i == LI_V0_EXIT_N32 || i == LI_V0_EXIT_N64;
}

/* glibc: lw t9, 0(sp); jalr t9; lw a0, 4(sp). musl: exit(result) right behind the call. */
static bool is_thread_start(const struct da_mips_text *text, da_addr pc)
{
	if (pc >= 12 && da_mips_at(text, pc - 12) == 0x8fb90000 &&
	    da_mips_at(text, pc - 8) == 0x0320f809 && da_mips_at(text, pc - 4) == 0x8fa40004)
		return true;
	return is_exit(da_mips_at(text, pc + 4)) && da_mips_at(text, pc + 8) == SYSCALL;
}

/* ld.so's start code behind its call of the constructors: lw gp, x(sp); lw sp, y(sp). */
static bool is_loader_start(const struct da_mips_text *text, da_addr pc)
{
	uint32_t i = da_mips_at(text, pc + 4);

	return da_mips_is_load(text, da_mips_at(text, pc), DA_MIPS_GP) &&
	       da_mips_is_load(text, i, DA_MIPS_SP) && da_mips_rs(i) == DA_MIPS_SP;
}

bool da_mips_special_find(const struct da_mips_text *text, da_addr pc, struct da_rule *rule_out)
{
	if (pc % 4 != 0)
		return false;
	if (da_mips_at(text, pc + 4) == SYSCALL &&
	    find_signal(text, da_mips_at(text, pc), rule_out))
		return true;
	if (da_mips_call_before(text, pc) == 0 ||
	    !(is_thread_start(text, pc) || is_loader_start(text, pc)))
		return false;
	*rule_out = (struct da_rule){ .kind = DA_RULE_END };
	return true;
}
