/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/arm/special.h"

#include "unwind/arm/insn.h"

#define NR_EXIT 1
#define NR_SIGRETURN 119
#define NR_RT_SIGRETURN 173

/* sigcontext in the ucontext: flags, link, stack; trap number, error code, old mask; r0 to r15. */
#define REGISTERS (4 + 4 + 12 + 3 * 4)
#define SIGINFO 128

bool da_arm_is_behind_call(const struct da_image *text, da_addr pc)
{
	bool thumb = pc & 1;
	struct da_arm_insn i;

	pc &= ~(da_addr)1;
	if (pc % (thumb ? 2 : 4) || pc < 8)
		return false;
	for (unsigned size = thumb ? 2 : 4; size <= 4; size += 2) {
		da_arm_decode(text, pc - size, thumb, &i);
		if (i.op == DA_ARM_CALL && i.size == size)
			return true;
	}
	/* mov lr, pc; and a jump of any kind */
	return !thumb && da_arm_word(text, pc - 8) == 0xe1a0e00f;
}

/* The system call made at @pc: mov r7, #n; svc 0. 0: none. */
static unsigned find_call(const struct da_image *text, da_addr pc)
{
	uint32_t a, b;

	if (!(pc & 1)) {
		a = da_arm_word(text, pc);
		b = da_arm_word(text, pc + 4);
		return (a & 0xffffff00) == 0xe3a07000 && (b & 0xff000000) == 0xef000000 ? a & 0xff :
											  0;
	}
	a = da_arm_word(text, pc - 1);
	if ((a & 0xffffff00) == 0xdf002700)
		return a & 0xff;
	b = da_arm_has(text, pc + 3, 2) ? da_arm_half(text, pc + 3) : 0;
	return (a & 0xff00ffff) == 0x0700f04f && b == 0xdf00 ? a >> 16 & 0xff : 0;
}

static void set_signal(int32_t registers, struct da_rule *rule)
{
	*rule = (struct da_rule){
		.kind = DA_RULE_SIGNAL,
		.cfa_offset = registers + 4 * DA_ARM_SP,
		.ra_offset = registers + 4 * 15,
		.fp_offset = registers + 4 * DA_ARM_R11,
	};
}

bool da_arm_special_find(const struct da_image *text, da_addr pc, struct da_rule *rule_out)
{
	switch (find_call(text, pc)) {
	case NR_SIGRETURN: set_signal(REGISTERS, rule_out); return true;
	case NR_RT_SIGRETURN: set_signal(SIGINFO + REGISTERS, rule_out); return true;
	case NR_EXIT: *rule_out = (struct da_rule){ .kind = DA_RULE_END }; return true;
	}
	return false;
}
