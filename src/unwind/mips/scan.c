/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/scan.h"

#include "unwind/mips/special.h"

/* Two rules that lead to the same caller: where s8 holds sp, either may be the base. */
static bool agree(const struct da_rule *a, const struct da_rule *b)
{
	const uint8_t fp = DA_RULE_FP_SAVED | DA_RULE_FP_LOST;

	return a->base == b->base && a->cfa_offset == b->cfa_offset &&
	       a->ra_offset == b->ra_offset && (a->flags & fp) == (b->flags & fp) &&
	       a->fp_offset == b->fp_offset;
}

void da_mips_scan(const struct da_mips_text *text, da_addr pc, bool exact, struct da_rule *rule_out)
{
	unsigned back = exact ? 0 : da_mips_call_before(text, pc);
	enum da_mips_answer before = DA_MIPS_NOTHING, behind;
	struct da_rule prologue = { .kind = DA_RULE_NONE }, epilogue = prologue;

	behind = da_mips_scan_epilogue(text, pc, exact, &epilogue);
	*rule_out = epilogue;
	/* What was interrupted may be a prologue itself: there the epilogue knows more. */
	if (exact && behind != DA_MIPS_NOTHING)
		return;
	if (exact || back)
		before = da_mips_scan_prologue(text, pc - back, &prologue);
	if (before == DA_MIPS_NOTHING)
		return;
	if (behind == DA_MIPS_NOTHING && before == DA_MIPS_FOUND)
		*rule_out = prologue;
	else if (behind == DA_MIPS_NOTHING || !agree(&prologue, &epilogue))
		rule_out->kind = DA_RULE_NONE;
}
