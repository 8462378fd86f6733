/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules from MIPS code: real bytes of each ABI and byte order (disassembled in unwind/samples.h). */
#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unwind/mips/scan.h"
#include "unwind/mips/special.h"
#include "unwind/mips/track.h"
#include "unwind/rule_text.h"
#include "unwind/samples.h"

/* A call, and what each method says of it (see rule_text()). Nothing returns behind ends_in_call's. */
struct expected {
	da_addr call;
	const char *prologue, *epilogue;
};

/* o32, both byte orders */
static const struct expected mips_calls[] = {
	{ 0x348, "sp+40 ra-4", "sp+40 ra-4" },
	{ 0x378, "sp+40 ra-4", "sp+40 ra-4" },
	{ 0x3dc, "sp+40 ra-4", "sp+40 ra-4" },
	{ 0x474, "fp+40 ra-4 s-8", "fp+40 ra-4 s-8" },
	{ 0x4d4, "sp+80032 ra-4", "sp+80032 ra-4" },
	{ 0x518, "sp+32 ra-4", "none" },
	{ 0x528, "sp+32 ra-4", "none" },
};

static const struct expected mipsel_o0_calls[] = {
	{ 0x354, "fp+40 ra-4 s-8", "fp+40 ra-4 s-8" },
	{ 0x38c, "fp+40 ra-4 s-8", "fp+40 ra-4 s-8" },
	{ 0x424, "fp+40 ra-4 s-8", "fp+40 ra-4 s-8" },
	{ 0x544, "fp+48 ra-4 s-8", "fp+48 ra-4 s-8" },
	{ 0x604, "fp+80032 ra-4 s-8", "fp+80032 ra-4 s-8" },
	{ 0x668, "fp+32 ra-4 s-8", "none" },
	{ 0x67c, "fp+32 ra-4 s-8", "none" },
};

static const struct expected mips_n32_calls[] = {
	{ 0x348, "sp+64 ra-4", "sp+64 ra-4" },
	{ 0x37c, "sp+64 ra-4", "sp+64 ra-4" },
	{ 0x3e0, "sp+48 ra-4", "sp+48 ra-4" },
	{ 0x480, "fp+48 ra-4 s-12", "fp+48 ra-4 s-12" },
	{ 0x4e4, "sp+80016 ra-4", "sp+80016 ra-4" },
	{ 0x530, "sp+32 ra-4", "none" },
	{ 0x53c, "sp+32 ra-4", "none" },
};

static const struct expected mips_n64_calls[] = {
	{ 0x4cc, "sp+64 ra-8", "sp+64 ra-8" },
	{ 0x4fc, "sp+64 ra-8", "sp+64 ra-8" },
	{ 0x560, "sp+48 ra-8", "sp+48 ra-8" },
	{ 0x600, "fp+48 ra-8 s-16", "fp+48 ra-8 s-16" },
	{ 0x664, "sp+80016 ra-8", "sp+80016 ra-8" },
	{ 0x6b4, "sp+32 ra-8", "none" },
	{ 0x6c0, "sp+32 ra-8", "none" },
};

static const struct expected mips_r6_calls[] = {
	{ 0x348, "sp+40 ra-4", "sp+40 ra-4" },
	{ 0x378, "sp+40 ra-4", "sp+40 ra-4" },
	{ 0x3d8, "sp+40 ra-4", "sp+40 ra-4" },
	{ 0x468, "fp+40 ra-4 s-8", "fp+40 ra-4 s-8" },
	{ 0x4c4, "sp+80032 ra-4", "sp+80032 ra-4" },
	{ 0x508, "sp+32 ra-4", "none" },
	{ 0x518, "sp+32 ra-4", "none" },
};

#define TEXT(name, big, width, release6)                                                           \
	(&(struct da_mips_text){ { name##_text, name##_text_at, sizeof(name##_text), big, width }, \
				 release6,                                                         \
				 false })
#define N(a) (sizeof(a) / sizeof((a)[0]))

static void check_calls(const struct da_mips_text *t, const struct expected *e, size_t n)
{
	char text[RULE_TEXT];

	for (size_t i = 0; i < n; i++) {
		struct da_rule prologue = { .kind = DA_RULE_NONE }, epilogue = prologue;
		bool compact = da_mips_is_compact_call(t, da_mips_at(t, e[i].call));
		da_addr ra = e[i].call + (compact ? 4 : 8);

		ck_assert_uint_eq(ra - e[i].call, da_mips_call_before(t, ra));
		da_mips_scan_prologue(t, e[i].call, &prologue);
		da_mips_scan_epilogue(t, ra, false, &epilogue);
		ck_assert_msg(!strcmp(rule_text(&prologue, text), e[i].prologue),
			      "%#lx: prologue %s", (unsigned long)e[i].call, text);
		ck_assert_msg(!strcmp(rule_text(&epilogue, text), e[i].epilogue),
			      "%#lx: epilogue %s", (unsigned long)e[i].call, text);
	}
}

START_TEST(o32_little_endian_calls_have_their_rule)
{
	check_calls(TEXT(mipsel, false, 4, false), mips_calls, N(mips_calls));
}
END_TEST

START_TEST(o32_big_endian_calls_have_their_rule)
{
	check_calls(TEXT(mips, true, 4, false), mips_calls, N(mips_calls));
}
END_TEST

START_TEST(unoptimised_calls_have_their_rule)
{
	check_calls(TEXT(mipsel_o0, false, 4, false), mipsel_o0_calls, N(mipsel_o0_calls));
}
END_TEST

START_TEST(n32_calls_have_their_rule)
{
	check_calls(TEXT(mips_n32, true, 4, false), mips_n32_calls, N(mips_n32_calls));
}
END_TEST

START_TEST(n64_calls_have_their_rule)
{
	check_calls(TEXT(mips_n64, true, 8, false), mips_n64_calls, N(mips_n64_calls));
}
END_TEST

START_TEST(release_6_calls_have_their_rule)
{
	check_calls(TEXT(mips_r6, false, 4, true), mips_r6_calls, N(mips_r6_calls));
}
END_TEST

/* plain() of the o32 sample interrupted: the CFA and where ra is, before each instruction. */
START_TEST(interrupted_instructions_have_their_rule)
{
	static const struct {
		da_addr pc;
		const char *rule;
	} want[] = {
		{ 0x320, "sp+0 lr" },    { 0x32c, "sp+0 lr" },    { 0x330, "sp+40 lr" },
		{ 0x344, "sp+40 lr" },   { 0x348, "sp+40 ra-4" }, { 0x350, "sp+40 ra-4" },
		{ 0x360, "sp+40 ra-4" }, { 0x364, "sp+40 lr" },   { 0x36c, "sp+40 lr" },
		{ 0x374, "sp+40 ra-4" },
	};
	const struct da_mips_text *t = TEXT(mipsel, false, 4, false);
	char text[RULE_TEXT];

	for (size_t i = 0; i < N(want); i++) {
		struct da_rule rule = { .kind = DA_RULE_NONE };

		da_mips_scan_epilogue(t, want[i].pc, true, &rule);
		ck_assert_msg(!strcmp(rule_text(&rule, text), want[i].rule), "%#lx: %s",
			      (unsigned long)want[i].pc, text);
	}
}
END_TEST

static void check_track(const uint32_t *code, size_t n, unsigned reg, enum da_mips_known known,
			int32_t value)
{
	struct da_mips_track t;

	da_mips_track_init(&t);
	for (size_t i = 0; i < n; i++)
		da_mips_track_step(&t, code[i]);
	ck_assert_int_eq(t.known[reg], known);
	ck_assert_int_eq(t.value[reg], value);
}

START_TEST(registers_follow_the_code)
{
	/* lui at,1; addu at,sp,at; addiu v0,at,-32516 */
	static const uint32_t far[] = { 0x3c010001, 0x03a10821, 0x242280fc };
	/* li v1,0xb8b0; subu sp,sp,v1 */
	static const uint32_t big[] = { 0x3403b8b0, 0x03a3e823 };
	/* ext ra-numbered field: ins v1,s4,0x10,0x10 leaves ra alone */
	static const uint32_t ins[] = { 0x7e83fc04 };
	/* lw s8,32(sp) */
	static const uint32_t load[] = { 0x8fbe0020 };

	check_track(far, N(far), DA_MIPS_V0, DA_MIPS_SP0, 65536 - 32516);
	check_track(big, N(big), DA_MIPS_SP, DA_MIPS_SP0, -0xb8b0);
	check_track(ins, N(ins), DA_MIPS_RA, DA_MIPS_RA0, 0);
	check_track(load, N(load), DA_MIPS_S8, DA_MIPS_UNKNOWN, 0);
}
END_TEST

/* Machine code made of words, at 0x1000. */
struct code {
	uint8_t bytes[64];
	struct da_mips_text text;
};

static const struct da_mips_text *assemble(struct code *c, bool big_endian, const uint32_t *words,
					   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (big_endian)
			for (int k = 0; k < 4; k++)
				c->bytes[4 * i + k] = (uint8_t)(words[i] >> (24 - 8 * k));
		else
			da_store_le32(c->bytes + 4 * i, words[i]);
	}
	c->text.image = (struct da_image){ c->bytes, 0x1000, 4 * n, big_endian, 4 };
	c->text.r6 = false;
	c->text.micro = false;
	return &c->text;
}

START_TEST(signal_trampolines_tell_where_the_registers_are)
{
	static const uint32_t rt[] = { 0x24021061, 0x0000000c };
	static const uint32_t old[] = { 0x24021017, 0x0000000c };
	struct code c;
	struct da_rule rule;

	ck_assert(da_mips_special_find(assemble(&c, false, rt, 2), 0x1000, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_SIGNAL);
	ck_assert_int_eq(rule.ra_offset, 184);
	ck_assert_int_eq(rule.cfa_offset, 192 + 29 * 8);
	ck_assert_int_eq(rule.fp_offset, 192 + 30 * 8);
	ck_assert(da_mips_special_find(assemble(&c, true, old, 2), 0x1000, &rule));
	ck_assert_int_eq(rule.ra_offset, 24 + 8 + 4);
	ck_assert_int_eq(rule.cfa_offset, 24 + 16 + 29 * 8 + 4);
	/* cut after the first word */
	c.text.image.size = 4;
	ck_assert(!da_mips_special_find(&c.text, 0x1000, &rule));
}
END_TEST

/* glibc: lw t9,0(sp); jalr t9; lw a0,4(sp). ld.so: bal; nop; lw gp,16(sp); lw sp,28(sp). */
START_TEST(start_code_is_the_end)
{
	static const uint32_t thread[] = { 0x8fb90000, 0x0320f809, 0x8fa40004, 0x8fbc001c };
	static const uint32_t loader[] = { 0, 0x0411a4ba, 0, 0x8fbc0010, 0x8fbd001c };
	struct code c;
	struct da_rule rule = { .kind = DA_RULE_NONE };

	ck_assert(da_mips_special_find(assemble(&c, false, thread, 4), 0x100c, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_END);
	rule.kind = DA_RULE_NONE;
	ck_assert(da_mips_special_find(assemble(&c, true, loader, 5), 0x100c, &rule));
	ck_assert_int_eq(rule.kind, DA_RULE_END);
}
END_TEST

START_TEST(words_that_are_no_return_addresses_are_refused)
{
	const struct da_mips_text *t = TEXT(mipsel, false, 4, false);

	ck_assert_int_eq(da_mips_call_before(t, 0x350), 8);
	ck_assert_int_eq(da_mips_call_before(t, 0x351), 0);
	ck_assert_int_eq(da_mips_call_before(t, 0x354), 0);
	ck_assert_int_eq(da_mips_call_before(t, 0x320), 0);
	ck_assert_int_eq(da_mips_call_before(t, 0), 0);
	ck_assert_int_eq(da_mips_call_before(t, 4), 0);
	/* the call that ends the text returns behind it */
	ck_assert_int_eq(da_mips_call_before(t, mipsel_text_at + sizeof(mipsel_text)), 8);
}
END_TEST

/* Start and end of the code lie at pages that fault; every method is asked at every place. */
START_TEST(truncated_code_reads_nothing_outside)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof(mipsel_text);
	uint8_t *map =
		mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct da_mips_text t = { { NULL, 0x1000, 0, false, 4 }, false, false };
	struct da_rule rule;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map, page, PROT_NONE), 0);
	ck_assert_int_eq(mprotect(map + 2 * page, page, PROT_NONE), 0);
	for (size_t size = 0; size <= n; size += 3) {
		for (int at_end = 0; at_end < 2; at_end++) {
			uint8_t *bytes = at_end ? map + 2 * page - size : map + page;

			memcpy(bytes, mipsel_text + n - size, size);
			t.image.bytes = bytes;
			t.image.size = size;
			for (da_addr pc = 0xff0; pc < 0x1010 + size; pc += 4) {
				da_mips_scan_prologue(&t, pc, &rule);
				da_mips_scan_epilogue(&t, pc, pc & 8, &rule);
				da_mips_special_find(&t, pc, &rule);
			}
		}
	}
	munmap(map, 3 * page);
}
END_TEST

/* A branch to itself, branches all over, and a function that never ends. */
START_TEST(endless_code_ends_the_scan)
{
	static const uint32_t self[] = { 0x1000ffff, 0 };
	static const uint32_t both[] = {
		0x10800001, 0, 0x1000fffd, 0, 0x10800001, 0, 0x1000fff8, 0
	};
	struct code c;
	struct da_rule rule;

	ck_assert(!da_mips_scan_epilogue(assemble(&c, false, self, N(self)), 0x1000, false, &rule));
	ck_assert(!da_mips_scan_epilogue(assemble(&c, false, both, N(both)), 0x1000, false, &rule));
}
END_TEST

/* What a function of these words is said to be at the return address behind word @call. */
static const char *rule_behind(const struct da_mips_text *t, unsigned call, char buf[RULE_TEXT])
{
	struct da_rule rule;

	da_mips_scan(t, 0x1000 + 4 * call + 8, false, &rule);
	return rule_text(&rule, buf);
}

/* gssq and gslq of ra, as GNU as encodes them: daddiu; gssq ra,s0,16(sp); jal; nop; gslq; jr. */
START_TEST(pairs_of_loongson_save_ra)
{
	static const uint32_t words[] = { 0x67bdffe0, 0xebb0007f, 0x0c000000, 0,
					  0xcbb0007f, 0x03e00008, 0x67bd0020 };
	struct code c;
	char text[RULE_TEXT];

	assemble(&c, false, words, N(words));
	c.text.image.word = 8;
	ck_assert_str_eq(rule_behind(&c.text, 2, text), "sp+32 ra-8");
}
END_TEST

/* clang saves no ra in a function that does not return: the function before it has no say. */
START_TEST(function_that_saves_no_ra_has_no_rule)
{
	static const uint32_t words[] = {
		/* addiu sp,-32; sw ra,28; jal; nop; lw ra,28; jr ra; addiu sp,32 */
		0x27bdffe0, 0xafbf001c, 0x0c000000, 0, 0x8fbf001c, 0x03e00008, 0x27bd0020,
		/* addiu sp,-24; jal; nop */
		0x27bdffe8, 0x0c000000, 0,
		/* lui v0; jr ra; nop */
		0x3c020001, 0x03e00008, 0
	};
	struct code c;
	char text[RULE_TEXT];

	assemble(&c, true, words, N(words));
	ck_assert_str_eq(rule_behind(&c.text, 2, text), "sp+32 ra-4");
	ck_assert_str_eq(rule_behind(&c.text, 8, text), "none");
}
END_TEST

/* The same without any frame: gp is set up, and a call made. */
START_TEST(set_up_of_gp_is_a_border)
{
	static const uint32_t words[] = { 0x27bdffe0, 0xafbf001c, 0x0c000000, 0,
					  /* lui gp; addiu gp,gp; addu gp,gp,t9; jal; nop */
					  0x3c1c0002, 0x279c0000, 0x0399e021, 0x0c000000, 0 };
	struct code c;
	char text[RULE_TEXT];

	assemble(&c, false, words, N(words));
	ck_assert_str_eq(rule_behind(&c.text, 2, text), "sp+32 ra-4");
	ck_assert_str_eq(rule_behind(&c.text, 7, text), "none");
}
END_TEST

/* The stub through which MIPS16 code calls hard-float code keeps ra in s2. */
START_TEST(stub_that_keeps_ra_in_s2_has_no_rule)
{
	static const uint32_t words[] = { 0x27bdffe0, 0xafbf001c, 0x0c000000, 0, 0x8fbf001c,
					  0x03e00008, 0x27bd0020,
					  /* move s2,ra; jal; nop; mfc1 v0,f0; jr s2; nop */
					  0x03e09025, 0x0c000000, 0, 0x44020000, 0x02400008, 0 };
	struct code c;
	char text[RULE_TEXT];

	assemble(&c, false, words, N(words));
	ck_assert_str_eq(rule_behind(&c.text, 8, text), "none");
}
END_TEST

/* The two methods contradict each other: saved at sp+28, loaded from sp+24. */
START_TEST(contradiction_is_no_rule)
{
	static const uint32_t words[] = { 0x27bdffe0, 0xafbf001c, 0x0c000000, 0,
					  0x8fbf0018, 0x03e00008, 0x27bd0020 };
	struct code c;
	char text[RULE_TEXT];

	assemble(&c, false, words, N(words));
	ck_assert_str_eq(rule_behind(&c.text, 2, text), "none");
}
END_TEST

/* A tail call by b or j: the frame is down, what follows is another function's. */
START_TEST(tail_call_ends_the_frame)
{
	static const uint32_t words[] = { 0x27bdffe0, 0xafbf001c, 0x0c000000, 0,
					  /* lw ra,28(sp); b +3; addiu sp,32; nop; nop */
					  0x8fbf001c, 0x10000003, 0x27bd0020, 0, 0,
					  /* lw ra,4(sp); jr ra; addiu sp,8 */
					  0x8fbf0004, 0x03e00008, 0x27bd0008 };
	uint32_t with_j[N(words)];
	struct code c;
	char text[RULE_TEXT];

	assemble(&c, false, words, N(words));
	ck_assert_str_eq(rule_behind(&c.text, 2, text), "sp+32 ra-4");
	memcpy(with_j, words, sizeof(words));
	with_j[5] = 0x08000000 | (0x1000 + 4 * 9) / 4;
	assemble(&c, false, with_j, N(words));
	ck_assert_str_eq(rule_behind(&c.text, 2, text), "sp+32 ra-4");
}
END_TEST

/* Odd addresses in a module whose e_flags say microMIPS: nothing is known. */
START_TEST(micromips_has_no_rule)
{
	/* save 32,ra; jalr v0; nop; restore 32,ra; jrc ra, as MIPS16e; twice the order for one host */
	static const uint32_t words[] = { 0xea4064c4, 0x64446500, 0x6500e8a0 };
	struct code c;
	struct da_rule rule;

	assemble(&c, false, words, N(words));
	ck_assert_uint_eq(da_mips_call_before(&c.text, 0x1007), 4);
	da_mips_scan(&c.text, 0x1007, false, &rule);
	ck_assert_int_eq(rule.kind, DA_RULE_FRAME);
	ck_assert_int_eq(rule.cfa_offset, 32);
	c.text.micro = true;
	ck_assert_uint_eq(da_mips_call_before(&c.text, 0x1007), 0);
	da_mips_scan(&c.text, 0x1007, false, &rule);
	ck_assert_int_eq(rule.kind, DA_RULE_NONE);
}
END_TEST

/* Any bytes: every scan ends, and reads nothing outside (pages that fault lie on both sides). */
START_TEST(damaged_code_reads_nothing_outside)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof(mipsel_text) / 4 * 4;
	uint8_t *map =
		mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct da_mips_text t = { { map + 2 * page - n, 0x1000, n, false, 4 }, false, false };
	uint32_t seed = 1;
	struct da_rule rule;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map, page, PROT_NONE), 0);
	ck_assert_int_eq(mprotect(map + 2 * page, page, PROT_NONE), 0);
	memcpy(map + 2 * page - n, mipsel_text, n);
	for (unsigned round = 0; round < 2000; round++) {
		seed = seed * 1664525u + 1013904223u;
		map[2 * page - n + (seed >> 8) % n] = (uint8_t)(seed >> 24);
		t.image.big_endian = round & 1;
		t.r6 = round & 2;
		t.image.word = round & 4 ? 8 : 4;
		for (da_addr pc = 0xffc + (round & 3); pc < 0x1010 + n; pc += 4 + (round & 8)) {
			da_mips_scan(&t, pc, round & 16, &rule);
			da_mips_special_find(&t, pc, &rule);
		}
	}
	munmap(map, 3 * page);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_mips");
	TCase *t = tcase_create("scan");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, o32_little_endian_calls_have_their_rule);
	tcase_add_test(t, o32_big_endian_calls_have_their_rule);
	tcase_add_test(t, unoptimised_calls_have_their_rule);
	tcase_add_test(t, n32_calls_have_their_rule);
	tcase_add_test(t, n64_calls_have_their_rule);
	tcase_add_test(t, release_6_calls_have_their_rule);
	tcase_add_test(t, interrupted_instructions_have_their_rule);
	tcase_add_test(t, registers_follow_the_code);
	tcase_add_test(t, signal_trampolines_tell_where_the_registers_are);
	tcase_add_test(t, start_code_is_the_end);
	tcase_add_test(t, words_that_are_no_return_addresses_are_refused);
	tcase_add_test(t, truncated_code_reads_nothing_outside);
	tcase_add_test(t, endless_code_ends_the_scan);
	tcase_add_test(t, pairs_of_loongson_save_ra);
	tcase_add_test(t, function_that_saves_no_ra_has_no_rule);
	tcase_add_test(t, set_up_of_gp_is_a_border);
	tcase_add_test(t, stub_that_keeps_ra_in_s2_has_no_rule);
	tcase_add_test(t, contradiction_is_no_rule);
	tcase_add_test(t, tail_call_ends_the_frame);
	tcase_add_test(t, micromips_has_no_rule);
	tcase_add_test(t, damaged_code_reads_nothing_outside);
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
