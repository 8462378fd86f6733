/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules for i386: real bytes (disassembled in unwind/samples.h) and the kernel's frames. */
#include <check.h>
#include <string.h>

#include "unwind/cfi.h"
#include "unwind/i386/special.h"
#include "unwind/rule_text.h"
#include "unwind/samples.h"

/* From this address up to the next one's, this is the rule (see rule_text()). */
static const struct expected {
	da_addr from;
	const char *rule;
} rules[] = {
	/* PLT entries */
	{ 0x1000, "sp+8 ra-4" },     { 0x1006, "sp+12 ra-4" },    { 0x1010, "sp+4 ra-4" },
	{ 0x101b, "sp+8 ra-4" },     { 0x1020, "sp+4 ra-4" },     { 0x102b, "sp+8 ra-4" },
	{ 0x1030, "sp+4 ra-4" },     { 0x1031, "sp+8 ra-4" },     { 0x103f, "sp+44 ra-4" },
	{ 0x1044, "sp+48 ra-4" },    { 0x1054, "sp+32 ra-4" },    { 0x105e, "sp+8 ra-4" },
	{ 0x1061, "sp+4 ra-4" },     { 0x1068, "sp+32 ra-4" },    { 0x106b, "sp+44 ra-4" },
	{ 0x1070, "sp+48 ra-4" },    { 0x1078, "sp+32 ra-4" },    { 0x107d, "sp+8 ra-4" },
	{ 0x1080, "sp+4 ra-4" },     { 0x1081, "none" },          { 0x1090, "sp+4 ra-4" },
	{ 0x1091, "sp+8 ra-4" },     { 0x1092, "sp+12 ra-4" },    { 0x1093, "sp+16 ra-4" },
	{ 0x10b3, "sp+28 ra-4" },    { 0x10ba, "sp+32 ra-4" },    { 0x10c4, "sp+16 ra-4" },
	{ 0x10cb, "sp+12 ra-4" },    { 0x10cc, "sp+8 ra-4" },     { 0x10cd, "sp+4 ra-4" },
	{ 0x10ce, "sp+16 ra-4" },    { 0x10d5, "none" },          { 0x10e0, "sp+4 ra-4" },
	{ 0x10e1, "sp+8 ra-4 s-8" }, { 0x10e3, "fp+8 ra-4 s-8" }, { 0x112a, "sp+4 ra-4" },
	{ 0x112b, "none" },
};

START_TEST(cfi_rule_is_right_at_each_byte)
{
	static uint8_t memory[0x3000];
	struct da_cfi cfi = { { memory, 0, sizeof memory, false, 4 },
			      i386_eh_frame_hdr_at,
			      sizeof i386_eh_frame_hdr,
			      DA_CFI_I386 };
	size_t at = 0;

	memcpy(memory + i386_eh_frame_hdr_at, i386_eh_frame_hdr, sizeof i386_eh_frame_hdr);
	memcpy(memory + i386_eh_frame_at, i386_eh_frame, sizeof i386_eh_frame);
	for (da_addr pc = rules[0].from; pc < 0x1130; pc++) {
		struct da_rule rule;
		char text[RULE_TEXT];

		if (at + 1 < sizeof rules / sizeof rules[0] && rules[at + 1].from == pc)
			at++;
		da_cfi_find(&cfi, pc, &rule);
		ck_assert_msg(!strcmp(rule_text(&rule, text), rules[at].rule), "%#lx: %s, not %s",
			      (unsigned long)pc, text, rules[at].rule);
	}
}
END_TEST

START_TEST(only_what_is_behind_a_call_is_a_return_address)
{
	struct da_image text = { i386_text, i386_text_at, sizeof i386_text, false, 4 };

	ck_assert(da_i386_is_return(&text, 0x1036));
	ck_assert(da_i386_is_return(&text, 0x1049));
	ck_assert(!da_i386_is_return(&text, 0x1048));
	ck_assert(!da_i386_is_return(&text, 0x1030));
	ck_assert(!da_i386_is_return(&text, 0x1000));
	ck_assert(!da_i386_is_return(&text, UINT32_MAX));
}
END_TEST

/* Offsets: arch/x86/include/asm/sigframe.h, with the return address popped. */
START_TEST(trampolines_are_signal_frames)
{
	static const uint8_t code[] = { 0x58, 0xb8, 119, 0, 0, 0,    0xcd, 0x80,
					0xb8, 173,  0,   0, 0, 0xcd, 0x80 };
	struct da_image text = { code, 0x1000, sizeof code, false, 4 };
	struct da_rule rule;

	ck_assert(da_i386_find_signal(&text, 0x1000, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_SIGNAL);
	ck_assert_int_eq(rule.fp_offset, 28);
	ck_assert_int_eq(rule.cfa_offset, 32);
	ck_assert_int_eq(rule.ra_offset, 60);
	ck_assert(da_i386_find_signal(&text, 0x1008, &rule));
	ck_assert_int_eq(rule.fp_offset, 184);
	ck_assert_int_eq(rule.cfa_offset, 188);
	ck_assert_int_eq(rule.ra_offset, 216);
	ck_assert(!da_i386_find_signal(&text, 0x1001, &rule));
	text.size--;
	ck_assert(!da_i386_find_signal(&text, 0x1008, &rule));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_i386");
	TCase *t = tcase_create("i386");

	tcase_add_test(t, cfi_rule_is_right_at_each_byte);
	tcase_add_test(t, only_what_is_behind_a_call_is_a_return_address);
	tcase_add_test(t, trampolines_are_signal_frames);
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
