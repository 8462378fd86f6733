/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "unwind/cfi.h"
#include "unwind/i386/special.h"
#include "unwind/native_cfi.h"

/* push %ebp; mov %esp, %ebp */
static const struct da_rule fp_rule = {
	.kind = DA_RULE_FRAME,
	.base = DA_RULE_FP,
	.flags = DA_RULE_FP_SAVED | DA_RULE_CHECK,
	.cfa_offset = 8,
	.ra_offset = -4,
	.fp_offset = -8,
};

static void get_text(const struct da_module *m, struct da_image *text)
{
	text->bytes = (const uint8_t *)m->text_lo;
	text->lo = m->text_lo;
	text->size = m->text_hi - m->text_lo;
	text->big_endian = false;
	text->word = 4;
}

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	struct da_image text;

	get_text(m, &text);
	return da_i386_is_return(&text, pc);
}

/* The vDSO's CFI of the trampolines consists of expressions; their bytes say enough. */
static bool from_cfi(const struct da_query *q, struct da_rule *rule_out)
{
	struct da_image text;

	get_text(q->module, &text);
	if (!q->exact && da_i386_find_signal(&text, q->pc, rule_out))
		return true;
	da_native_cfi_find(q, DA_CFI_I386, rule_out);
	if (rule_out->kind == DA_RULE_SIGNAL)
		rule_out->kind = DA_RULE_NONE;
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
