/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "unwind/cfi.h"
#include "unwind/mips/scan.h"
#include "unwind/mips/special.h"
#include "unwind/native_cfi.h"

/* e_flags: the code at odd addresses is microMIPS (elf.h of 2022 has no name for it). */
#define MICROMIPS 0x02000000u

static void get_text(const struct da_module *m, struct da_mips_text *t)
{
	t->image.bytes = (const uint8_t *)m->text_lo;
	t->image.lo = m->text_lo;
	t->image.size = m->text_hi - m->text_lo;
	t->image.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	t->image.word = sizeof(uintptr_t);
#if defined(__mips_isa_rev) && __mips_isa_rev >= 6
	t->r6 = true;
#else
	t->r6 = false;
#endif
	t->micro = m->elf_flags & MICROMIPS;
}

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	struct da_mips_text t;
	struct da_rule rule;

	get_text(m, &t);
	return da_mips_call_before(&t, pc) != 0 || da_mips_special_find(&t, pc, &rule);
}

/*
 * CFI knows code by its address, without the ISA bit. Rules from it do not tell where s1 is: a scan
 * does, if it says the same of all else.
 */
static void from_cfi(const struct da_query *q, const struct da_mips_text *t, struct da_rule *rule)
{
	struct da_query plain = *q;
	struct da_rule scan;

	plain.pc &= ~(uintptr_t)1;
	da_native_cfi_find(&plain, DA_CFI_MIPS, rule);
	if (rule->kind != DA_RULE_FRAME)
		return;
	da_mips_scan(t, q->pc, q->exact, &scan);
	if (scan.kind == DA_RULE_FRAME && scan.base == rule->base &&
	    scan.cfa_offset == rule->cfa_offset && scan.ra_offset == rule->ra_offset)
		rule->fp2_words = scan.fp2_words;
}

/* A frame that ends the stack, is the kernel's, or is described by the module's CFI. */
static void from_tables(const struct da_query *q, const struct da_mips_text *t,
			struct da_rule *rule)
{
	if (q->exact || !da_mips_special_find(t, q->pc, rule)) {
		if (da_native_is_entry(q))
			rule->kind = DA_RULE_END;
		else if (q->mode != DA_UNWIND_SCAN)
			from_cfi(q, t, rule);
	}
	/* Assembly often has CFI that says nothing: check, and fall back to scanning. */
	if (rule->kind == DA_RULE_FRAME)
		rule->flags |= DA_RULE_CHECK;
}

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	struct da_mips_text t;

	rule_out->kind = DA_RULE_NONE;
	if (attempt > 1 || q->mode == DA_UNWIND_FP)
		return false;
	get_text(q->module, &t);
	if (attempt == 0)
		from_tables(q, &t, rule_out);
	else if (q->mode != DA_UNWIND_CFI)
		da_mips_scan(&t, q->pc, q->exact, rule_out);
	return true;
}
