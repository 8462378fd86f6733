/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The MIPS scans against the compilers' own unwind tables: at every instruction of every sample
 * (unwind/mips_samples.h: o32, n32, n64, both byte orders, Release 6, MIPS16e, gcc and clang).
 */
#include <check.h>
#include <string.h>

#include "unwind/cfi.h"
#include "unwind/mips/mips16.h"
#include "unwind/mips/scan.h"
#include "unwind/mips/special.h"
#include "unwind/mips_samples.h"
#include "unwind/rule_text.h"

struct sample {
	const char *name;
	const uint8_t *text, *hdr, *frame;
	size_t text_size, hdr_size, frame_size;
	da_addr text_at, hdr_at, frame_at;
	bool big_endian, r6, is_16;
	uint8_t word;
	/** clang describes no epilogues (and constants lie between the functions of m16_o0): only what
	 * is said of calls can be used. */
	bool calls_only;
	/** Instructions that have no rule when they are interrupted: nothing behind them returns. */
	unsigned silent_pcs;
};

#define SAMPLE(n, ...)                                                                        \
	{                                                                                     \
		.name = #n, .text = n##_text, .hdr = n##_eh_frame_hdr, .frame = n##_eh_frame, \
		.text_size = sizeof(n##_text), .hdr_size = sizeof(n##_eh_frame_hdr),          \
		.frame_size = sizeof(n##_eh_frame), .text_at = n##_text_at,                   \
		.hdr_at = n##_eh_frame_hdr_at, .frame_at = n##_eh_frame_at, __VA_ARGS__       \
	}

static const struct sample samples[] = {
	SAMPLE(o32_le, .word = 4, .silent_pcs = 35),
	SAMPLE(o32_be, .word = 4, .big_endian = true, .silent_pcs = 28),
	SAMPLE(o32_o0, .word = 4, .big_endian = true, .silent_pcs = 34),
	SAMPLE(n64_be, .word = 8, .big_endian = true, .silent_pcs = 27),
	SAMPLE(n64_r6, .word = 8, .r6 = true, .silent_pcs = 29),
	SAMPLE(o32_r6, .word = 4, .r6 = true, .silent_pcs = 34),
	SAMPLE(n32_be, .word = 4, .big_endian = true, .silent_pcs = 26),
	SAMPLE(m16_le, .word = 4, .is_16 = true, .silent_pcs = 20),
	SAMPLE(m16_be, .word = 4, .is_16 = true, .big_endian = true, .silent_pcs = 20),
	SAMPLE(m16_o0, .word = 4, .is_16 = true, .big_endian = true, .calls_only = true),
	SAMPLE(clang_pic, .word = 4, .calls_only = true),
	SAMPLE(clang_no_pic, .word = 4, .calls_only = true, .big_endian = true),
};

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

static struct da_mips_text text_of(const struct sample *s)
{
	return (struct da_mips_text){
		.image = { s->text, s->text_at, s->text_size, s->big_endian, s->word },
		.r6 = s->r6,
	};
}

/* The compiler's rule. .eh_frame_hdr and .eh_frame follow each other, with a gap. */
static struct da_rule told(const struct sample *s, da_addr pc)
{
	static uint8_t both[65536];
	struct da_cfi_registers reg = DA_CFI_MIPS;
	struct da_cfi cfi = {
		.image = { both, s->hdr_at, s->frame_at + s->frame_size - s->hdr_at, s->big_endian,
			   s->word },
		.hdr = s->hdr_at,
		.hdr_size = s->hdr_size,
		.reg = reg,
	};
	struct da_rule rule;

	ck_assert_uint_le(cfi.image.size, sizeof(both));
	memset(both, 0, cfi.image.size);
	memcpy(both, s->hdr, s->hdr_size);
	memcpy(both + (s->frame_at - s->hdr_at), s->frame, s->frame_size);
	da_cfi_find(&cfi, pc, &rule);
	if (rule.kind != DA_RULE_NONE || !s->is_16)
		return rule;
	/* s1 is the frame pointer */
	cfi.reg.fp = DA_MIPS_S1;
	da_cfi_find(&cfi, pc, &rule);
	rule.base = DA_RULE_FP2;
	rule.flags &= (uint8_t)~DA_RULE_FP_SAVED;
	return rule;
}

/* In n32 a register has 8 bytes, of which a rule speaks of the low 4. */
static int32_t low_word(const struct sample *s)
{
	return s->big_endian && s->word == 4 && strncmp(s->name, "n32", 3) == 0 ? 4 : 0;
}

/*
 * Whether a scan's rule leads where the table's does. Where code was interrupted, a register and the
 * slot it was saved in, or sp and a copy of it, are as good as each other.
 */
static bool is_same(const struct sample *s, const struct da_rule *scan, const struct da_rule *table,
		    bool exact)
{
	uint8_t where = exact ? 0 : DA_RULE_FP_SAVED | DA_RULE_RA_IN_LR;

	/* at -O0 MIPS16 code has both sp and s1 */
	if (table->base == DA_RULE_FP2 && scan->base == DA_RULE_SP && !exact)
		return scan->ra_offset == table->ra_offset && scan->cfa_offset >= table->cfa_offset;
	return (scan->base == table->base || (exact && table->base != DA_RULE_SP)) &&
	       scan->cfa_offset == table->cfa_offset &&
	       (scan->flags & where) == (table->flags & where) &&
	       ((scan->flags | table->flags) & DA_RULE_RA_IN_LR ||
		scan->ra_offset == table->ra_offset + low_word(s)) &&
	       (!(scan->flags & table->flags & DA_RULE_FP_SAVED) ||
		scan->fp_offset == table->fp_offset + low_word(s));
}

/* The call at @pc: where it returns to; 0: it is none. */
static da_addr return_of(const struct sample *s, const struct da_mips_text *t, da_addr pc)
{
	struct da_mips_flow f;
	uint32_t i = s->is_16 ? da_mips16_at(t, pc) : da_mips_at(t, pc);

	if (s->is_16)
		da_mips16_flow_read(pc, i, &f);
	else
		da_mips_flow_read(t, pc, i, &f);
	if (f.kind != DA_MIPS_CALL)
		return 0;
	if (s->is_16)
		return (pc + da_mips16_length(i) + (f.slot ? 2 : 0)) | 1;
	return pc + (f.slot ? 8 : 4);
}

static da_addr length_at(const struct sample *s, const struct da_mips_text *t, da_addr pc)
{
	return s->is_16 ? da_mips16_length(da_mips16_at(t, pc)) : 4;
}

static void check_calls(const struct sample *s)
{
	struct da_mips_text t = text_of(s);
	unsigned calls = 0, silent = 0;

	for (da_addr pc = s->text_at; pc < s->text_at + s->text_size; pc += length_at(s, &t, pc)) {
		da_addr ra = return_of(s, &t, pc);
		struct da_rule table = told(s, pc), scan;
		char a[RULE_TEXT], b[RULE_TEXT];

		if (!ra || table.kind == DA_RULE_NONE)
			continue;
		calls++;
		ck_assert_uint_eq(da_mips_call_before(&t, ra), (ra & ~(da_addr)1) - pc);
		da_mips_scan(&t, ra, false, &scan);
		silent += scan.kind == DA_RULE_NONE;
		ck_assert_msg(scan.kind == DA_RULE_NONE || is_same(s, &scan, &table, false),
			      "%s %#lx: scan %s, table %s", s->name, (unsigned long)pc,
			      rule_text(&scan, a), rule_text(&table, b));
	}
	ck_assert_uint_ge(calls, 30);
	ck_assert_uint_eq(silent, 0);
}

START_TEST(calls_have_the_rule_of_the_tables)
{
	check_calls(&samples[_i]);
}
END_TEST

/* A delay slot is never where a signal interrupts: the jump before it is. */
static bool is_slot(const struct sample *s, const struct da_mips_text *t, da_addr pc)
{
	struct da_mips_flow f;

	if (s->is_16)
		da_mips16_flow_read(pc - 2, da_mips16_at(t, pc - 2), &f);
	else
		da_mips_flow_read(t, pc - 4, da_mips_at(t, pc - 4), &f);
	if (s->is_16 && !f.slot && da_mips16_length(da_mips16_at(t, pc - 4)) == 4)
		da_mips16_flow_read(pc - 4, da_mips16_at(t, pc - 4), &f);
	return f.slot;
}

/* Interrupted there: prologues, bodies, epilogues, leaf functions. */
START_TEST(every_instruction_has_the_rule_of_the_tables)
{
	const struct sample *s = &samples[_i];
	struct da_mips_text t = text_of(s);
	unsigned silent = 0;

	if (s->calls_only)
		return;
	for (da_addr pc = s->text_at; pc < s->text_at + s->text_size; pc += length_at(s, &t, pc)) {
		struct da_rule table = told(s, pc), scan;
		char a[RULE_TEXT], b[RULE_TEXT];

		/* nops fill up what nothing reaches */
		if (table.kind == DA_RULE_NONE || is_slot(s, &t, pc) || da_mips_at(&t, pc) == 0)
			continue;
		da_mips_scan(&t, s->is_16 ? pc | 1 : pc, true, &scan);
		silent += scan.kind == DA_RULE_NONE;
		if (scan.base == DA_RULE_FP2 && table.base == DA_RULE_SP)
			continue; /* a copy of sp within a prologue */
		ck_assert_msg(scan.kind == DA_RULE_NONE || is_same(s, &scan, &table, true),
			      "%s %#lx: scan %s, table %s", s->name, (unsigned long)pc,
			      rule_text(&scan, a), rule_text(&table, b));
	}
	ck_assert_msg(silent == s->silent_pcs, "%s: %u without a rule", s->name, silent);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_mips_forms");
	TCase *t = tcase_create("forms");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, calls_have_the_rule_of_the_tables, 0, N_SAMPLES);
	tcase_add_loop_test(t, every_instruction_has_the_rule_of_the_tables, 0, N_SAMPLES);
	suite_add_tcase(suite, t);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
