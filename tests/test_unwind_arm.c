/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules for ARM, from code and from tables: real bytes (disassembled in unwind/samples.h). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/arm/exidx.h"
#include "unwind/arm/scan.h"
#include "unwind/arm/special.h"
#include "unwind/rule_text.h"
#include "unwind/samples.h"

/* An address, its rule (see rule_text()), and where r7 is saved: words below the CFA. */
struct expected {
	da_addr at;
	const char *rule;
	unsigned r7;
};

static const struct expected arm_calls[] = {
	{ 0x260, "sp+24 ra-4", 0 },    { 0x284, "sp+24 ra-4", 0 },    { 0x2b8, "sp+16 ra-4", 0 },
	{ 0x30c, "fp+4 ra-4 s-8", 0 }, { 0x340, "sp+80008 ra-4", 0 }, { 0x368, "sp+16 ra-4", 0 },
	{ 0x36c, "sp+16 ra-4", 0 },
};

static const struct expected thumb_calls[] = {
	{ 0x257, "sp+24 ra-4", 0 },  { 0x26d, "sp+24 ra-4", 0 },    { 0x289, "sp+16 ra-4", 0 },
	{ 0x2bb, "fp2+16 ra-4", 2 }, { 0x2db, "sp+80008 ra-4", 0 }, { 0x2f5, "sp+16 ra-4", 0 },
	{ 0x2f9, "sp+16 ra-4", 0 },
};

static const struct expected thumb_o0_calls[] = {
	{ 0x25b, "sp+24 ra-4", 2 },  { 0x273, "sp+24 ra-4", 2 },    { 0x2ab, "sp+24 ra-4", 2 },
	{ 0x33f, "fp2+48 ra-4", 4 }, { 0x399, "sp+80016 ra-4", 2 }, { 0x3c3, "sp+16 ra-4", 2 },
	{ 0x3c7, "sp+16 ra-4", 2 },
};

/* From this address up to the next one's. */
static const struct expected table_rules[] = {
	{ 0x200, "none", 0 },        { 0x2bc, "sp+24 ra-4", 0 },    { 0x2e4, "sp+16 ra-4", 0 },
	{ 0x310, "fp2+16 ra-4", 2 }, { 0x338, "sp+80008 ra-4", 0 }, { 0x35c, "sp+16 ra-4", 0 },
	{ 0x36c, "none", 0 },        { 0x400, "none", 0 },
};

#define TEXT(name) \
	(&(struct da_image){ name##_text, name##_text_at, sizeof(name##_text), false, 4 })
#define N(a) (sizeof(a) / sizeof((a)[0]))

static void check_rule(da_addr at, const struct da_rule *rule, const struct expected *e)
{
	char text[RULE_TEXT];

	ck_assert_msg(!strcmp(rule_text(rule, text), e->rule) && rule->fp2_words == e->r7,
		      "%#lx: %s, r7 %u", (unsigned long)at, text, rule->fp2_words);
}

static void check_calls(const struct da_image *t, const struct expected *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct da_rule rule = { .kind = DA_RULE_NONE };
		bool thumb = e[i].at & 1;

		ck_assert(da_arm_is_behind_call(t, e[i].at));
		da_arm_scan_prologue(t, e[i].at & ~(da_addr)1, thumb, false, &rule);
		check_rule(e[i].at, &rule, &e[i]);
	}
}

START_TEST(a32_calls_have_their_rule)
{
	check_calls(TEXT(arm), arm_calls, N(arm_calls));
}
END_TEST

START_TEST(thumb_calls_have_their_rule)
{
	check_calls(TEXT(thumb), thumb_calls, N(thumb_calls));
}
END_TEST

START_TEST(unoptimised_calls_have_their_rule)
{
	check_calls(TEXT(thumb_o0), thumb_o0_calls, N(thumb_o0_calls));
}
END_TEST

/* @n halfwords of Thumb code at 0x1000: the rule at the end of them. */
static void check_thumb(const uint16_t *code, size_t n, const char *want)
{
	struct da_image text = { (const uint8_t *)code, 0x1000, n * 2, false, 4 };
	struct da_rule rule = { .kind = DA_RULE_NONE };
	char buf[RULE_TEXT];

	da_arm_scan_prologue(&text, 0x1000 + n * 2, true, false, &rule);
	ck_assert_str_eq(rule_text(&rule, buf), want);
}

START_TEST(room_for_arguments_belongs_to_the_frame)
{
	/* push {r1-r3}; ldr.w ip, [pc, #72]; push {lr}; sub sp, #8; bl */
	static const uint16_t variable[] = {
		0xb40e, 0xf8df, 0xc048, 0xb500, 0xb082, 0xf01a, 0xfc2e
	};
	/* sub sp, #8; push {r4, r5, lr}; mov r5, r1; sub sp, #12; bl */
	static const uint16_t split[] = { 0xb082, 0xb530, 0x460d, 0xb083, 0xf01a, 0xfc2e };
	/* pop {r4, pc} of the function before */
	static const uint16_t other[] = { 0xb40e, 0xbd10, 0xb500, 0xb082, 0xf01a, 0xfc2e };

	check_thumb(variable, N(variable), "sp+24 ra-16");
	check_thumb(split, N(split), "sp+32 ra-12");
	check_thumb(other, N(other), "sp+12 ra-4");
}
END_TEST

START_TEST(halves_of_long_instructions_are_no_pushes)
{
	/* push {r4, lr}; sub sp, #8; ldr.w fp, [r4, #1421] (f8d4 b58d); bl */
	static const uint16_t code[] = { 0xb510, 0xb082, 0xf8d4, 0xb58d, 0xf01a, 0xfc2e };

	check_thumb(code, N(code), "sp+16 ra-4");
}
END_TEST

START_TEST(tables_give_the_rule_of_each_function)
{
	static uint8_t memory[0x400];
	struct da_arm_tables t = { { memory, 0, sizeof memory, false, 4 },
				   thumb_tables_exidx_at,
				   sizeof thumb_tables_exidx };

	memcpy(memory + thumb_tables_exidx_at, thumb_tables_exidx, sizeof thumb_tables_exidx);
	memcpy(memory + thumb_tables_extab_at, thumb_tables_extab, sizeof thumb_tables_extab);
	for (size_t i = 0; i + 1 < N(table_rules); i++) {
		for (da_addr pc = table_rules[i].at; pc < table_rules[i + 1].at; pc++) {
			struct da_rule rule = { .kind = DA_RULE_NONE };

			da_arm_exidx_find(&t, pc, &rule);
			check_rule(pc, &rule, &table_rules[i]);
		}
	}
}
END_TEST

/* One entry at 0x2000 for code at 0x1000, with its opcodes in .ARM.extab words at 0x2008. */
static void check_words(uint32_t entry, const uint32_t *extab, size_t n, const struct expected *e)
{
	uint32_t words[10] = { 0x7ffff000, entry };
	struct da_arm_tables t = { { (const uint8_t *)words, 0x2000, sizeof words, false, 4 },
				   0x2000,
				   8 };
	struct da_rule rule = { .kind = DA_RULE_NONE };

	for (size_t i = 0; i < n; i++)
		words[2 + i] = extab[i];
	da_arm_exidx_find(&t, 0x1004, &rule);
	check_rule(0x1004, &rule, e);
}

static void check_inline(uint32_t entry, const char *want, unsigned r7)
{
	check_words(entry, NULL, 0, &(struct expected){ 0, want, r7 });
}

START_TEST(each_opcode_moves_sp)
{
	check_inline(0x80b0b0b0, "sp+0 lr", 0);
	check_inline(0x8003a8b0, "sp+24 ra-4", 0); /* vsp += 16; pop {r4, lr} */
	check_inline(0x80a8b0b0, "sp+8 ra-4", 0);
	check_inline(0x80abb0b0, "sp+20 ra-4", 2); /* pop {r4-r7, lr} */
	check_inline(0x80afb0b0, "sp+36 ra-4 s-8", 6); /* pop {r4-r11, lr} */
	check_inline(0x808400b0, "sp+4 ra-4", 0); /* pop {lr} */
	check_inline(0x808800b0, "sp+4 ra-4", 0); /* pop {pc} */
	check_inline(0x808480b0, "sp+8 ra-4 s-8", 0); /* pop {r11, lr} */
	check_inline(0x8097b0b0, "fp2+0 lr", 0); /* vsp = r7 */
	check_inline(0x809ba8b0, "fp+8 ra-4", 0); /* vsp = r11; pop {r4, lr} */
	check_inline(0x80d0a8b0, "sp+16 ra-4", 0); /* vpop {d8}; pop {r4, lr} */
	check_inline(0x80b8a8b0, "sp+20 ra-4", 0); /* fldmfdx {d8}; pop {r4, lr} */
	check_inline(0x80b10fb0, "sp+16 lr", 0); /* pop {r0-r3} */
	check_inline(0x80b201b0, "sp+520 lr", 0); /* vsp += 0x204 + 4 */
	check_inline(0x80c983b0, "sp+32 lr", 0); /* vpop {d8-d11} */
	check_inline(0x80b383b0, "sp+36 lr", 0); /* fldmfdx {d8-d11} */
}
END_TEST

START_TEST(what_a_rule_cannot_say_gives_none)
{
	check_inline(1, "none", 0); /* EXIDX_CANTUNWIND */
	check_inline(0x808000b0, "none", 0); /* refuse to unwind */
	check_inline(0x80a89bb0, "none", 0); /* vsp = r11 behind a pop */
	check_inline(0x8094b0b0, "none", 0); /* vsp = r4 */
	check_inline(0x809db0b0, "none", 0); /* reserved */
	check_inline(0x80b4b0b0, "none", 0); /* spare */
	check_inline(0x80b100b0, "none", 0);
	check_inline(0x80cab0b0, "none", 0);
	check_inline(0x80d8b0b0, "none", 0);
	check_inline(0x81b0b0b0, "none", 0); /* an inline entry has model 0 */
}
END_TEST

START_TEST(extab_models_are_read)
{
	/* model 1, one more word: vsp = r11; vsp -= 4 * 3; pop {r4, lr}; finish */
	static const uint32_t long_form[] = { 0x81019b42, 0xa8b0b0b0 };
	/* a personality routine, then GNU's form with one more word: vsp += 16, vsp += 4, pop */
	static const uint32_t generic[] = { 0x00001000, 0x010300a8, 0xb0b0b0b0 };
	/* more words than there are */
	static const uint32_t cut[] = { 0x81ff0000 };

	check_words(4, long_form, N(long_form), &(struct expected){ 0, "fp+-4 ra-4", 0 });
	check_words(4, generic, N(generic), &(struct expected){ 0, "sp+28 ra-4", 0 });
	check_words(4, cut, N(cut), &(struct expected){ 0, "none", 0 });
}
END_TEST

START_TEST(trampolines_of_libcs_are_signal_frames)
{
	/* A32: mov r7, #119; svc 0. Thumb: mov.w r7, #173; svc 0; mov r7, #1; svc 0 */
	static const uint16_t code[] = { 0x7077, 0xe3a0, 0x0000, 0xef00, 0xf04f,
					 0x07ad, 0xdf00, 0x2701, 0xdf00 };
	struct da_image text = { (const uint8_t *)code, 0x1000, sizeof code, false, 4 };
	struct da_rule rule;

	ck_assert(da_arm_special_find(&text, 0x1000, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_SIGNAL);
	ck_assert_int_eq(rule.ra_offset, 92);
	ck_assert_int_eq(rule.cfa_offset, 84);
	ck_assert_int_eq(rule.fp_offset, 76);
	ck_assert(da_arm_special_find(&text, 0x1009, &rule));
	ck_assert_int_eq(rule.ra_offset, 128 + 92);
	ck_assert(da_arm_special_find(&text, 0x100f, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_END);
	ck_assert(!da_arm_special_find(&text, 0x1008, &rule));
	ck_assert(!da_arm_special_find(&text, 0x1011, &rule));
}
END_TEST

/* Any bytes: no read outside (valgrind and sanitizers see), and an end. */
START_TEST(any_bytes_are_survived)
{
	struct da_rule rule;

	srand(1);
	for (unsigned n = 0; n < 2000; n++) {
		size_t size = (size_t)rand() % 64;
		uint8_t *bytes = malloc(size ? size : 1);
		struct da_image text = { bytes, 0x1000, size, false, 4 };
		struct da_arm_tables t = { text, 0x1000, size / 16 * 8 };

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)rand();
		for (da_addr pc = 0xff8; pc < 0x1000 + size + 8; pc++) {
			da_arm_is_behind_call(&text, pc);
			da_arm_special_find(&text, pc, &rule);
			da_arm_scan_prologue(&text, pc & ~(da_addr)1, pc & 1, n % 2, &rule);
			da_arm_exidx_find(&t, pc, &rule);
		}
		free(bytes);
	}
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_arm");
	TCase *t = tcase_create("arm");

	tcase_add_test(t, a32_calls_have_their_rule);
	tcase_add_test(t, thumb_calls_have_their_rule);
	tcase_add_test(t, unoptimised_calls_have_their_rule);
	tcase_add_test(t, room_for_arguments_belongs_to_the_frame);
	tcase_add_test(t, halves_of_long_instructions_are_no_pushes);
	tcase_add_test(t, tables_give_the_rule_of_each_function);
	tcase_add_test(t, each_opcode_moves_sp);
	tcase_add_test(t, what_a_rule_cannot_say_gives_none);
	tcase_add_test(t, extab_models_are_read);
	tcase_add_test(t, trampolines_of_libcs_are_signal_frames);
	tcase_add_test(t, any_bytes_are_survived);
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
