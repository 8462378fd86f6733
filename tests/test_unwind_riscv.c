/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules from RISC-V code: real bytes of RV64GC and RV32IMAC (disassembled in unwind/samples.h). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/riscv/insn.h"
#include "unwind/riscv/scan.h"
#include "unwind/riscv/special.h"
#include "unwind/rule_text.h"
#include "unwind/samples.h"

/* A return address, and what each method says of it (see rule_text()). */
struct expected {
	da_addr ra;
	const char *prologue, *epilogue;
};

/* Nothing returns behind ends_in_call's calls. */
static const struct expected riscv_calls[] = {
	{ 0x3c2, "sp+48 ra-8 s-16", "sp+48 ra-8 s-16" },
	{ 0x3de, "sp+48 ra-8 s-16", "sp+48 ra-8 s-16" },
	{ 0x404, "sp+32 ra-8 s-16", "sp+32 ra-8 s-16" },
	{ 0x450, "fp+0 ra-8 s-16", "fp+0 ra-8 s-16" },
	{ 0x4a2, "sp+80016 ra-8 s-16", "sp+80016 ra-8 s-16" },
	{ 0x4c6, "sp+32 ra-8", "none" },
	{ 0x4ca, "sp+32 ra-8", "none" },
};

static const struct expected riscv_o0_calls[] = {
	{ 0x3d0, "sp+48 ra-8 s-16", "sp+48 ra-8 s-16" },
	{ 0x3f0, "sp+48 ra-8 s-16", "sp+48 ra-8 s-16" },
	{ 0x436, "sp+48 ra-8 s-16", "sp+48 ra-8 s-16" },
	{ 0x4ea, "fp+0 ra-8 s-16", "none" },
	{ 0x566, "sp+80032 ra-8 s-16", "sp+80032 ra-8 s-16" },
	{ 0x5a2, "sp+32 ra-8 s-16", "none" },
	{ 0x5a6, "sp+32 ra-8 s-16", "none" },
};

static const struct expected riscv32_calls[] = {
	{ 0x2ae, "sp+48 ra-4 s-8", "sp+48 ra-4 s-8" },
	{ 0x2c4, "sp+48 ra-4 s-8", "sp+48 ra-4 s-8" },
	{ 0x2e8, "sp+16 ra-4 s-8", "sp+16 ra-4 s-8" },
	{ 0x332, "fp+0 ra-4 s-8", "fp+0 ra-4 s-8" },
	{ 0x382, "sp+80016 ra-4 s-8", "sp+80016 ra-4 s-8" },
	{ 0x3a2, "sp+32 ra-4", "none" },
	{ 0x3a4, "sp+32 ra-4", "none" },
};

#define TEXT(name, width) \
	(&(struct da_image){ name##_text, name##_text_at, sizeof(name##_text), false, width })
#define N(a) (sizeof(a) / sizeof((a)[0]))

static void check_calls(const struct da_image *t, const struct expected *e, size_t n)
{
	char text[RULE_TEXT];

	for (size_t i = 0; i < n; i++) {
		struct da_rule prologue = { .kind = DA_RULE_NONE }, epilogue = prologue;

		ck_assert(da_riscv_is_behind_call(t, e[i].ra));
		da_riscv_scan_prologue(t, e[i].ra, &prologue);
		da_riscv_scan_epilogue(t, e[i].ra, false, &epilogue);
		ck_assert_msg(!strcmp(rule_text(&prologue, text), e[i].prologue),
			      "%#lx: prologue %s", (unsigned long)e[i].ra, text);
		ck_assert_msg(!strcmp(rule_text(&epilogue, text), e[i].epilogue),
			      "%#lx: epilogue %s", (unsigned long)e[i].ra, text);
	}
}

START_TEST(compressed_64_bit_calls_have_their_rule)
{
	check_calls(TEXT(riscv, 8), riscv_calls, N(riscv_calls));
}
END_TEST

START_TEST(unoptimised_calls_have_their_rule)
{
	check_calls(TEXT(riscv_o0, 8), riscv_o0_calls, N(riscv_o0_calls));
}
END_TEST

START_TEST(compressed_32_bit_calls_have_their_rule)
{
	check_calls(TEXT(riscv32, 4), riscv32_calls, N(riscv32_calls));
}
END_TEST

/* plain() of the -O2 sample: ra is saved at 0x3bc and comes back at 0x3cc. */
START_TEST(interrupted_function_has_ra_in_its_register)
{
	struct da_rule rule = { .kind = DA_RULE_NONE };
	char text[RULE_TEXT];

	ck_assert(da_riscv_scan_epilogue(TEXT(riscv, 8), 0x3cc, true, &rule));
	ck_assert_str_eq(rule_text(&rule, text), "sp+48 ra-8 s-16");
	ck_assert(da_riscv_scan_epilogue(TEXT(riscv, 8), 0x3d6, true, &rule));
	ck_assert_str_eq(rule_text(&rule, text), "sp+0 lr");
}
END_TEST

static struct da_image words(const uint32_t *w, size_t size, uint8_t word)
{
	return (struct da_image){ (const uint8_t *)w, 0x1000, size, false, word };
}

/* Offsets: siginfo 128, registers in the ucontext at 176 (64 bits; glibc's ucontext_t agrees). */
START_TEST(signal_trampoline_reads_the_kernel_s_frame)
{
	static const uint32_t code[] = { 0x08b00893, 0x00000073 };
	struct da_image text = words(code, sizeof code, 8);
	struct da_rule rule;

	ck_assert(da_riscv_special_find(&text, 0x1000, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_SIGNAL);
	ck_assert_int_eq(rule.ra_offset, 304);
	ck_assert_int_eq(rule.cfa_offset, 304 + 2 * 8);
	ck_assert_int_eq(rule.fp_offset, 304 + 8 * 8);
	ck_assert(!da_riscv_special_find(&text, 0x1004, &rule));
	text.size = 6;
	ck_assert(!da_riscv_special_find(&text, 0x1000, &rule));
}
END_TEST

START_TEST(start_of_a_thread_is_the_end)
{
	static const uint32_t code[] = { 0x05d00893, 0x00000073 };
	struct da_image text = words(code, sizeof code, 8);
	struct da_rule rule;

	ck_assert(da_riscv_special_find(&text, 0x1000, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_END);
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
		struct da_image text = { bytes, 0x1000, size, false, n % 2 ? 4 : 8 };

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)rand();
		for (da_addr pc = 0xff8; pc < 0x1000 + size + 8; pc++) {
			da_riscv_is_behind_call(&text, pc);
			da_riscv_special_find(&text, pc, &rule);
			da_riscv_scan_prologue(&text, pc, &rule);
			da_riscv_scan_epilogue(&text, pc, n % 3 == 0, &rule);
		}
		free(bytes);
	}
}
END_TEST

/*
 * Behind a function that saves ra, thousands that only move sp: from each of them the way to the pc
 * is in vain. The work is bounded, rather than the square of their number: malloc() waits for it.
 */
START_TEST(the_search_for_a_prologue_ends)
{
	enum { MOST = 32768 };
	static const uint32_t prologue = 0xe4061141; /* addi sp, sp, -16; sd ra, 8(sp) */
	static const uint32_t pair = 0x01411141; /* addi sp, sp, -16; addi sp, sp, 16 */
	uint32_t *w = malloc(MOST * sizeof *w);
	struct da_image text = words(w, MOST * sizeof *w, 8);
	struct da_rule rule = { .kind = DA_RULE_NONE };

	for (unsigned i = 0; i < MOST; i++)
		w[i] = i ? pair : prologue;
	ck_assert(da_riscv_scan_prologue(&text, text.lo + 64, &rule));
	rule.kind = DA_RULE_NONE;
	ck_assert(!da_riscv_scan_prologue(&text, text.lo + text.size, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_NONE);
	free(w);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_riscv");
	TCase *t = tcase_create("scan");

	tcase_add_test(t, compressed_64_bit_calls_have_their_rule);
	tcase_add_test(t, unoptimised_calls_have_their_rule);
	tcase_add_test(t, compressed_32_bit_calls_have_their_rule);
	tcase_add_test(t, interrupted_function_has_ra_in_its_register);
	tcase_add_test(t, signal_trampoline_reads_the_kernel_s_frame);
	tcase_add_test(t, start_of_a_thread_is_the_end);
	tcase_add_test(t, any_bytes_are_survived);
	tcase_add_test(t, the_search_for_a_prologue_ends);
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
