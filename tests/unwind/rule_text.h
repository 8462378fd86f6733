/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Rules as text, for expectations that a person can read. */
#ifndef DA_TESTS_UNWIND_RULE_TEXT_H
#define DA_TESTS_UNWIND_RULE_TEXT_H

#include "base/fmt.h"
#include "unwind/rule.h"

#define RULE_TEXT 64

/**
 * @rule as "sp+32 ra-4 s-8": the base, the CFA, the slots of ra and of the caller's fp relative to
 * the CFA. "lr": ra is in its register; no "s": fp is unchanged; "s?": lost. "[fp-8]": read from
 * there. Otherwise "none", "end", "signal".
 */
static inline const char *rule_text(const struct da_rule *rule, char buf[RULE_TEXT])
{
	static const char *const names[] = { "none", "end", "", "", "signal" };
	static const char *const bases[] = { "sp", "fp", "fp2" };
	const char *base = bases[rule->base];
	char ra[16], s[16] = "";

	if (rule->kind != DA_RULE_FRAME && rule->kind != DA_RULE_REALIGNED) {
		da_fmt(buf, RULE_TEXT, "%s", names[rule->kind]);
		return buf;
	}
	if (rule->flags & DA_RULE_RA_IN_LR)
		da_fmt(ra, sizeof(ra), "lr");
	else
		da_fmt(ra, sizeof(ra), "ra%d", (int)rule->ra_offset);
	if (rule->flags & DA_RULE_FP_SAVED)
		da_fmt(s, sizeof(s), " s%d", (int)rule->fp_offset);
	else if (rule->flags & DA_RULE_FP_LOST)
		da_fmt(s, sizeof(s), " s?");
	if (rule->kind == DA_RULE_REALIGNED)
		da_fmt(buf, RULE_TEXT, "[%s%d] %s%s", base, (int)rule->cfa_offset, ra, s);
	else
		da_fmt(buf, RULE_TEXT, "%s+%d %s%s", base, (int)rule->cfa_offset, ra, s);
	return buf;
}

#endif
