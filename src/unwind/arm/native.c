/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "unwind/arm/exidx.h"
#include "unwind/arm/scan.h"
#include "unwind/arm/special.h"
#include "unwind/native_cfi.h"

/* An interrupted function without calls; what is interrupted elsewhere has other rules. */
static const struct da_rule leaf_rule = {
	.kind = DA_RULE_FRAME,
	.base = DA_RULE_SP,
	.flags = DA_RULE_RA_IN_LR | DA_RULE_CHECK,
};

static void get_text(const struct da_module *m, struct da_image *text)
{
	text->bytes = (const uint8_t *)m->text_lo;
	text->lo = m->text_lo;
	text->size = m->text_hi - m->text_lo;
	text->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	text->word = 4;
}

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	struct da_image text;
	struct da_rule rule;

	get_text(m, &text);
	return da_arm_is_behind_call(&text, pc) || da_arm_special_find(&text, pc, &rule);
}

static void from_tables(const struct da_query *q, const struct da_image *text, struct da_rule *rule)
{
	const struct da_module *m = q->module;
	struct da_arm_tables t = { .index = m->eh_frame_hdr, .index_size = m->eh_frame_hdr_size };

	if (!q->exact && da_arm_special_find(text, q->pc, rule))
		return;
	t.image = *text;
	t.image.bytes = (const uint8_t *)m->eh_lo;
	t.image.lo = m->eh_lo;
	t.image.size = m->eh_hi - m->eh_lo;
	if (da_native_is_entry(q))
		rule->kind = DA_RULE_END;
	else if (q->mode != DA_UNWIND_SCAN)
		da_arm_exidx_find(&t, q->exact ? q->pc : q->pc - 2, rule);
	if (rule->kind == DA_RULE_FRAME && q->exact)
		rule->flags |= DA_RULE_CHECK;
}

/*
 * A return address has its instruction set in bit 0, the pc of a signal frame has not: there, the
 * other attempt is for A32 code. Else it is for the other reading of the code.
 */
static void from_code(const struct da_query *q, const struct da_image *text, bool other,
		      struct da_rule *rule)
{
	bool thumb = q->pc & 1 || (q->exact && !other);

	da_arm_scan_prologue(text, q->pc & ~(uintptr_t)1, thumb, other && !q->exact, rule);
}

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	bool scan = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_SCAN;
	struct da_image text;

	rule_out->kind = DA_RULE_NONE;
	if (q->mode == DA_UNWIND_FP)
		return false;
	get_text(q->module, &text);
	switch (attempt) {
	case 0: from_tables(q, &text, rule_out); return true;
	case 1: /* fall through */
	case 2:
		if (scan)
			from_code(q, &text, attempt == 2, rule_out);
		return true;
	case 3:
		if (q->exact)
			*rule_out = leaf_rule;
		return true;
	}
	return false;
}
