/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "unwind/cfi.h"
#include "unwind/native_cfi.h"
#include "unwind/riscv/scan.h"
#include "unwind/riscv/special.h"

#define WORD ((int32_t)sizeof(uintptr_t))

/*
 * s0 is the caller's sp, below it are ra and the caller's s0. Functions with variable arguments
 * keep these between it and their caller.
 */
static const struct da_rule fp_rule = {
	.kind = DA_RULE_FRAME,
	.base = DA_RULE_FP,
	.flags = DA_RULE_FP_SAVED | DA_RULE_SP_LOST | DA_RULE_CHECK,
	.cfa_offset = 0,
	.ra_offset = -WORD,
	.fp_offset = -2 * WORD,
};

static void get_text(const struct da_module *m, struct da_image *text)
{
	text->bytes = (const uint8_t *)m->text_lo;
	text->lo = m->text_lo;
	text->size = m->text_hi - m->text_lo;
	text->big_endian = false;
	text->word = sizeof(uintptr_t);
}

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	struct da_image text;
	struct da_rule rule;

	get_text(m, &text);
	return da_riscv_is_behind_call(&text, pc) || da_riscv_special_find(&text, pc, &rule);
}

static void from_tables(const struct da_query *q, const struct da_image *text, struct da_rule *rule)
{
	if (!q->exact && da_riscv_special_find(text, q->pc, rule))
		return;
	if (q->mode == DA_UNWIND_FP || q->mode == DA_UNWIND_SCAN)
		return;
	da_native_cfi_find(q, DA_CFI_RISCV, rule);
	if (rule->kind == DA_RULE_SIGNAL)
		rule->kind = DA_RULE_NONE;
}

static void from_code(const struct da_query *q, const struct da_image *text, bool prologue,
		      struct da_rule *rule)
{
	bool found = prologue ? da_riscv_scan_prologue(text, q->pc, rule) :
				da_riscv_scan_epilogue(text, q->pc, q->exact, rule);

	if (da_native_is_entry(q))
		rule->kind = DA_RULE_END;
	else if (!found)
		rule->kind = DA_RULE_NONE;
}

/* Tables, prologue, epilogue, frame pointer; what was interrupted may itself be a prologue. */
bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	bool scan = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_SCAN;
	bool fp = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_FP;
	struct da_image text;

	rule_out->kind = DA_RULE_NONE;
	get_text(q->module, &text);
	switch (attempt) {
	case 0: from_tables(q, &text, rule_out); return true;
	case 1: /* fall through */
	case 2:
		if (scan)
			from_code(q, &text, (attempt == 1) != q->exact, rule_out);
		return true;
	case 3:
		if (fp)
			*rule_out = fp_rule;
		if (fp && da_native_is_entry(q))
			rule_out->kind = DA_RULE_END;
		return true;
	}
	return false;
}
