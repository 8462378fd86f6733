/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "unwind/cfi.h"
#include "unwind/native_cfi.h"

/*
 * The kernel's struct rt_sigframe at sp: siginfo (128), ucontext up to its mcontext (176,
 * 16-aligned), fault address (8), x0-x30, sp, pc (arch/arm64/include/uapi/asm/sigcontext.h).
 */
#define SIGNAL_X(n) (128 + 176 + 8 + (n)*8)
static const struct da_rule signal_rule = {
	.kind = DA_RULE_SIGNAL,
	.cfa_offset = SIGNAL_X(31),
	.ra_offset = SIGNAL_X(32),
	.fp_offset = SIGNAL_X(29),
};

/* A frame record {x29, x30} at x29 (AAPCS64, 6.4.6). It lies anywhere in its frame. */
static const struct da_rule fp_rule = {
	.kind = DA_RULE_FRAME,
	.base = DA_RULE_FP,
	.flags = DA_RULE_FP_SAVED | DA_RULE_SP_LOST | DA_RULE_CHECK,
	.cfa_offset = 16,
	.ra_offset = -8,
	.fp_offset = -16,
};

static bool insn_at(const struct da_module *m, uintptr_t pc, uint32_t *insn_out)
{
	if (pc & 3 || pc < m->text_lo || pc >= m->text_hi || m->text_hi - pc < 4)
		return false;
	*insn_out = *(const uint32_t *)pc;
	return true;
}

/* mov x8, #139; svc #0: rt_sigreturn in the vDSO, without CFI since Linux 5.8. */
static bool is_sigreturn(const struct da_module *m, uintptr_t pc)
{
	uint32_t a, b;

	return insn_at(m, pc, &a) && insn_at(m, pc + 4, &b) && a == 0xd2801168 && b == 0xd4000001;
}

/* Behind bl, blr or one of the signed forms of blr. */
bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	uint32_t a;

	if (insn_at(m, pc - 4, &a) &&
	    ((a & 0xfc000000) == 0x94000000 || (a & 0xfffffc1f) == 0xd63f0000 ||
	     (a & 0xfefff800) == 0xd63f0800))
		return true;
	return is_sigreturn(m, pc);
}

static bool from_cfi(const struct da_query *q, struct da_rule *rule_out)
{
	if (!q->exact && is_sigreturn(q->module, q->pc))
		*rule_out = signal_rule;
	else
		da_native_cfi_find(q, DA_CFI_AARCH64, rule_out);
	if (rule_out->kind == DA_RULE_SIGNAL)
		*rule_out = signal_rule;
	return true;
}

static bool from_fp(const struct da_query *q, struct da_rule *rule_out)
{
	if (da_native_is_entry(q))
		*rule_out = (struct da_rule){ .kind = DA_RULE_END };
	else
		*rule_out = fp_rule;
	return true;
}

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	bool cfi = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_CFI;
	bool fp = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_FP;

	if (cfi && attempt == 0)
		return from_cfi(q, rule_out);
	return fp && attempt == cfi && from_fp(q, rule_out);
}
