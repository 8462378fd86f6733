/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/scan.h"

#include "unwind/mips/special.h"

/* Two rules that lead to the same caller: where s8 holds sp, either may be the
 * base. */
static bool agree(const struct da_rule *a, const struct da_rule *b)
{
	const uint8_t fp = DA_RULE_FP_SAVED | DA_RULE_FP_LOST;

	return a->base == b->base && a->cfa_offset == b->cfa_offset &&
	       a->ra_offset == b->ra_offset && (a->flags & fp) == (b->flags & fp) &&
	       a->fp_offset == b->fp_offset;
}

/* What the two methods say. */
struct answers {
	enum da_mips_answer before, behind;
	struct da_rule prologue, epilogue;
};

static void ask16(const struct da_mips_text *text, da_addr pc, bool exact, struct answers *a)
{
	da_addr pool = 0;

	if (!exact)
		a->before = da_mips16_scan_prologue(text, pc, false, &a->prologue, &pool);
	a->behind = da_mips16_scan_epilogue(text, pc, exact, pool, &a->epilogue);
	if (a->before == DA_MIPS_NOTHING || a->behind == DA_MIPS_NOTHING ||
	    agree(&a->prologue, &a->epilogue))
		return;
	/* still a contradiction where there is no such rule */
	da_mips16_scan_prologue(text, pc, true, &a->prologue, &pool);
}

static void ask(const struct da_mips_text *text, da_addr pc, bool exact, struct answers *a)
{
	unsigned back = exact ? 0 : da_mips_call_before(text, pc);

	a->behind = da_mips_scan_epilogue(text, pc, exact, &a->epilogue);
	/* What was interrupted may be a prologue or an epilogue itself: only the way on knows. */
	if (back)
		a->before = da_mips_scan_prologue(text, pc - back, &a->prologue);
}

void da_mips_scan(const struct da_mips_text *text, da_addr pc, bool exact, struct da_rule *rule_out)
{
	struct answers a;

	a.before = DA_MIPS_NOTHING;
	a.epilogue = (struct da_rule){ .kind = DA_RULE_NONE };
	*rule_out = a.epilogue;
	if (pc & 1 ? text->micro : pc % 4 != 0)
		return;
	if (pc & 1)
		ask16(text, pc, exact, &a);
	else
		ask(text, pc, exact, &a);
	if (a.before == DA_MIPS_NOTHING)
		*rule_out = a.epilogue;
	else if (a.behind == DA_MIPS_NOTHING ? a.before == DA_MIPS_FOUND :
					       agree(&a.prologue, &a.epilogue))
		*rule_out = a.prologue;
}
