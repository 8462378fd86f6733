/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules from call frame information: real bytes (disassembled in unwind/samples.h) and hostile ones. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unwind/cfi.h"
#include "unwind/rule_text.h"
#include "unwind/samples.h"

/* From this address up to the next one's, this is the rule (see rule_text()). */
struct expected {
	da_addr from;
	const char *rule;
};

/* PLT entries (0x1000 to 0x102f) come first. */
static const struct expected x86_64_rules[] = {
	{ 0x1000, "sp+16 ra-8" },
	{ 0x1006, "sp+24 ra-8" },
	{ 0x1010, "sp+8 ra-8" },
	{ 0x101b, "sp+16 ra-8" },
	{ 0x1020, "sp+8 ra-8" },
	{ 0x102b, "sp+16 ra-8" },
	{ 0x1030, "sp+8 ra-8" },
	{ 0x1031, "sp+16 ra-8" },
	{ 0x1037, "sp+48 ra-8" },
	{ 0x1054, "sp+16 ra-8" },
	{ 0x1058, "sp+8 ra-8" },
	{ 0x1060, "sp+48 ra-8" },
	{ 0x106e, "sp+16 ra-8" },
	{ 0x106f, "sp+8 ra-8" },
	{ 0x1076, "sp+16 ra-8 s-16" },
	{ 0x107a, "sp+24 ra-8 s-16" },
	{ 0x107e, "sp+32 ra-8 s-16" },
	{ 0x10ac, "sp+24 ra-8 s-16" },
	{ 0x10ad, "sp+16 ra-8 s-16" },
	{ 0x10ae, "sp+8 ra-8 s-16" },
	{ 0x10af, "sp+8 ra-8" },
	{ 0x10b5, "none" },
	{ 0x10c0, "sp+8 ra-8" },
	{ 0x10c1, "sp+16 ra-8 s-16" },
	{ 0x10c7, "fp+16 ra-8 s-16" },
	{ 0x110d, "sp+8 ra-8 s-16" },
	{ 0x110e, "none" },
	{ 0x1110, "sp+8 ra-8" },
	{ 0x1117, "sp+80016 ra-8" },
	{ 0x1130, "sp+8 ra-8" },
	{ 0x1131, "none" },
	{ 0x1140, "sp+8 ra-8" },
	{ 0x1144, "sp+32 ra-8" },
	{ 0x1157, "none" },
};

static const struct expected aarch64_rules[] = {
	{ 0x370, "none" },
	{ 0x3a0, "sp+0 lr" },
	{ 0x3a4, "sp+64 ra-56 s-64" },
	{ 0x3d4, "sp+0 lr" },
	{ 0x3d8, "sp+64 ra-56 s-64" },
	{ 0x3e8, "sp+0 lr" },
	{ 0x3ec, "none" },
	{ 0x3f0, "sp+0 lr" },
	{ 0x3f8, "sp+48 ra-40 s-48" },
	{ 0x450, "sp+0 lr" },
	{ 0x45c, "none" },
	{ 0x460, "sp+0 lr" },
	{ 0x464, "sp+32 ra-24 s-32" },
	{ 0x468, "fp+32 ra-24 s-32" },
	{ 0x4a8, "sp+0 lr" },
	{ 0x4ac, "none" },
	{ 0x4b0, "sp+0 lr" },
	{ 0x4b4, "sp+2192 lr" },
	{ 0x4bc, "sp+80016 lr" },
	{ 0x4c4, "sp+80016 ra-80008 s-80016" },
	{ 0x4d8, "sp+80016 lr" },
	{ 0x4dc, "sp+77824 lr" },
	{ 0x4e4, "sp+0 lr" },
	{ 0x4e8, "none" },
	{ 0x4f0, "sp+0 lr" },
	{ 0x4f4, "sp+32 ra-24 s-32" },
	{ 0x508, "none" },
};

static const struct expected aarch64_pac_rules[] = {
	{ 0x400, "none" },
	{ 0x430, "sp+0 lr" },
	{ 0x438, "sp+64 ra-56 s-64" },
	{ 0x468, "sp+0 lr" },
	{ 0x470, "sp+64 ra-56 s-64" },
	{ 0x47c, "sp+0 lr" },
	{ 0x48c, "sp+48 ra-40 s-48" },
	{ 0x4e0, "sp+0 lr" },
	{ 0x4f8, "sp+32 ra-24 s-32" },
	{ 0x4fc, "fp+32 ra-24 s-32" },
	{ 0x53c, "sp+0 lr" },
	{ 0x54c, "sp+2192 lr" },
	{ 0x550, "sp+80016 lr" },
	{ 0x554, "sp+80016 ra-80008 s-80016" },
	{ 0x574, "sp+80016 lr" },
	{ 0x578, "sp+77824 lr" },
	{ 0x57c, "sp+0 lr" },
	{ 0x58c, "sp+32 ra-24 s-32" },
	{ 0x5a0, "none" },
};

static const struct expected mips_cfi_rules[] = {
	{ 0x370, "none" },           { 0x3a0, "sp+0 lr" },        { 0x3b0, "sp+40 lr" },
	{ 0x3c8, "sp+40 ra-4" },     { 0x410, "sp+0 lr" },        { 0x428, "sp+40 lr" },
	{ 0x440, "sp+40 ra-4" },     { 0x494, "sp+0 lr" },        { 0x4b4, "sp+40 lr" },
	{ 0x4d4, "sp+40 ra-4 s-8" }, { 0x4d8, "fp+40 ra-4 s-8" }, { 0x504, "sp+40 ra-4 s-8" },
	{ 0x520, "sp+0 lr" },        { 0x530, "sp+32752 lr" },    { 0x544, "sp+80032 ra-4" },
	{ 0x568, "sp+32752 ra-4" },  { 0x578, "sp+0 lr" },        { 0x588, "sp+32 lr" },
	{ 0x598, "sp+32 ra-4" },     { 0x5b0, "none" },
};

/* A module image: both sections at their addresses. */
struct sample {
	struct da_cfi cfi;
	uint8_t memory[0x4000];
};

static struct sample *sample_create(bool big_endian, uint8_t word, struct da_cfi_registers reg)
{
	struct sample *s = calloc(1, sizeof(*s));

	s->cfi.image.bytes = s->memory;
	s->cfi.image.size = sizeof(s->memory);
	s->cfi.image.big_endian = big_endian;
	s->cfi.image.word = word;
	s->cfi.reg = reg;
	return s;
}

#define PUT(s, name, section) \
	memcpy((s)->memory + name##_##section##_at, name##_##section, sizeof(name##_##section))

#define LOAD(s, name)                                            \
	do {                                                     \
		PUT(s, name, eh_frame_hdr);                      \
		PUT(s, name, eh_frame);                          \
		(s)->cfi.hdr = name##_eh_frame_hdr_at;           \
		(s)->cfi.hdr_size = sizeof(name##_eh_frame_hdr); \
	} while (0)

/* Every address of the code, not only the borders. */
static void check_rules(const struct da_cfi *cfi, const struct expected *e, size_t n, da_addr end)
{
	char text[RULE_TEXT];
	struct da_rule rule;

	for (size_t i = 0; i < n; i++) {
		for (da_addr pc = e[i].from; pc < (i + 1 < n ? e[i + 1].from : end); pc++) {
			da_cfi_find(cfi, pc, &rule);
			ck_assert_msg(!strcmp(rule_text(&rule, text), e[i].rule),
				      "%#lx: %s, not %s", (unsigned long)pc, text, e[i].rule);
		}
	}
}

#define N(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(x86_64_rule_is_right_at_each_byte)
{
	struct sample *s = sample_create(false, 8, DA_CFI_X86_64);

	LOAD(s, x86_64);
	check_rules(&s->cfi, x86_64_rules, N(x86_64_rules), 0x2000);
	free(s);
}
END_TEST

START_TEST(aarch64_rule_is_right_at_each_byte)
{
	struct sample *s = sample_create(false, 8, DA_CFI_AARCH64);

	LOAD(s, aarch64);
	check_rules(&s->cfi, aarch64_rules, N(aarch64_rules), 0x600);
	free(s);
}
END_TEST

START_TEST(aarch64_rule_is_right_with_signed_return_addresses)
{
	struct sample *s = sample_create(false, 8, DA_CFI_AARCH64);

	LOAD(s, aarch64_pac);
	check_rules(&s->cfi, aarch64_pac_rules, N(aarch64_pac_rules), 0x600);
	free(s);
}
END_TEST

START_TEST(mips_big_endian_rule_is_right_at_each_byte)
{
	struct sample *s = sample_create(true, 4, DA_CFI_MIPS);

	LOAD(s, mips_cfi);
	check_rules(&s->cfi, mips_cfi_rules, N(mips_cfi_rules), 0x600);
	free(s);
}
END_TEST

/* ---- built by hand: one FDE for [0x1000, 0x1100) ---------------------------------------------- */

#define HDR 0x100
#define EH 0x200

struct built {
	struct sample *s;
	size_t at;
};

static void put(struct built *b, const void *bytes, size_t n)
{
	memcpy(b->s->memory + b->at, bytes, n);
	b->at += n;
}

static void put4(struct built *b, uint32_t v)
{
	put(b, &v, 4);
}

/* The CIE's augmentation (with its data) and instructions, the FDE's instructions. */
static struct sample *build(const char *augmentation, const char *cie, size_t cie_size,
			    const char *fde, size_t fde_size)
{
	struct built b = { sample_create(false, 8, DA_CFI_X86_64), HDR };
	size_t text = strlen(augmentation) + 1;
	/* 'R' with sdata4 pc-relative, and nothing else that has data */
	uint8_t augmentation_data[2] = { 1, 0x1b };

	b.s->cfi.hdr = HDR;
	b.s->cfi.hdr_size = 20;
	put4(&b, 0x3b031b01);
	put4(&b, EH - (HDR + 4));
	put4(&b, 1);
	put4(&b, 0x1000 - HDR);
	put4(&b, (uint32_t)(EH + 4 + 4 + 1 + text + 3 + 2 + cie_size - HDR));
	b.at = EH;
	put4(&b, (uint32_t)(4 + 1 + text + 3 + 2 + cie_size));
	put4(&b, 0);
	put(&b, "\1", 1);
	put(&b, augmentation, text);
	put(&b, "\1\x78\x10", 3);
	put(&b, augmentation_data, 2);
	put(&b, cie, cie_size);
	put4(&b, (uint32_t)(4 + 4 + 4 + 1 + fde_size));
	put4(&b, (uint32_t)(b.at - EH));
	put4(&b, (uint32_t)(0x1000 - b.at));
	put4(&b, 0x100);
	put(&b, "\0", 1);
	put(&b, fde, fde_size);
	return b.s;
}

#define BUILD(augmentation, fde) \
	build(augmentation, "\x0c\x07\x08\x90\x01", 5, fde, sizeof(fde) - 1)

static void check_built(struct sample *s, da_addr pc, const char *want)
{
	char text[RULE_TEXT];
	struct da_rule rule;

	da_cfi_find(&s->cfi, pc, &rule);
	ck_assert_str_eq(rule_text(&rule, text), want);
}

START_TEST(plain_entry_gives_the_cie_s_rule)
{
	struct sample *s = BUILD("zR", "");

	check_built(s, 0x1000, "sp+8 ra-8");
	check_built(s, 0x10ff, "sp+8 ra-8");
	check_built(s, 0xfff, "none");
	check_built(s, 0x1100, "none");
	free(s);
}
END_TEST

START_TEST(undefined_return_address_is_the_end)
{
	struct sample *s = BUILD("zR", "\x07\x10");

	check_built(s, 0x1000, "end");
	free(s);
}
END_TEST

START_TEST(signal_augmentation_is_a_signal_frame)
{
	struct sample *s = BUILD("zRS", "");

	check_built(s, 0x1000, "signal");
	free(s);
}
END_TEST

START_TEST(unknown_augmentation_gives_no_rule)
{
	struct sample *s = BUILD("zRQ", "");

	check_built(s, 0x1000, "none");
	free(s);
}
END_TEST

START_TEST(plt_expression_counts_the_second_push)
{
	struct sample *s = BUILD("zR", "\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22");

	check_built(s, 0x1000, "sp+8 ra-8");
	check_built(s, 0x100a, "sp+8 ra-8");
	check_built(s, 0x100b, "sp+16 ra-8");
	check_built(s, 0x1010, "sp+8 ra-8");
	free(s);
}
END_TEST

/* gcc's main with a 32-byte aligned local: CFA = [rbp - 8], rbp at [rbp]. */
START_TEST(realigned_frame_reads_the_cfa_from_the_frame)
{
	struct sample *s = BUILD("zR", "\x10\x06\x02\x76\x00\x0f\x03\x76\x78\x06");

	check_built(s, 0x1000, "[fp-8] ra-8 s0");
	free(s);
}
END_TEST

START_TEST(other_expressions_give_no_rule)
{
	struct sample *cfa = BUILD("zR", "\x0f\x03\x77\x08\x9f");
	struct sample *ra = BUILD("zR", "\x10\x10\x02\x77\x08");

	check_built(cfa, 0x1000, "none");
	check_built(ra, 0x1000, "none");
	free(cfa);
	free(ra);
}
END_TEST

START_TEST(remembered_state_comes_back)
{
	/* offset 16; at 4 remember, offset 48, rbp saved; at 8 restore */
	struct sample *s = BUILD("zR", "\x0e\x10\x44\x0a\x0e\x30\x86\x02\x44\x0b");

	check_built(s, 0x1003, "sp+16 ra-8");
	check_built(s, 0x1004, "sp+48 ra-8 s-16");
	check_built(s, 0x1008, "sp+16 ra-8");
	free(s);
}
END_TEST

START_TEST(unbalanced_states_give_no_rule)
{
	struct sample *below = BUILD("zR", "\x0b");
	struct sample *deep = BUILD("zR", "\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a");

	check_built(below, 0x1000, "none");
	check_built(deep, 0x1000, "none");
	free(below);
	free(deep);
}
END_TEST

START_TEST(unknown_instruction_gives_no_rule)
{
	struct sample *s = BUILD("zR", "\x3f");

	check_built(s, 0x1000, "none");
	free(s);
}
END_TEST

START_TEST(offset_beyond_32_bits_gives_no_rule)
{
	struct sample *s = BUILD("zR", "\x0e\x80\x80\x80\x80\x10");

	check_built(s, 0x1000, "none");
	free(s);
}
END_TEST

/* ---- hostile bytes ---------------------------------------------------------------------------- */

/* Memory whose end is followed by a page that faults when read. */
static uint8_t *guarded(size_t size, uint8_t **map_out, size_t *map_size_out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (size + page - 1) / page * page;
	uint8_t *map =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map + room, page, PROT_NONE), 0);
	*map_out = map;
	*map_size_out = room + page;
	return map + room - size;
}

/* The sample's sections end at the guard page, @size bytes of them. */
static void try_truncated(const uint8_t *all, da_addr lo, size_t size, const struct da_cfi *like,
			  const da_addr range[2])
{
	uint8_t *map;
	size_t map_size;
	uint8_t *bytes = guarded(size, &map, &map_size);
	struct da_cfi cfi = *like;
	struct da_rule rule;

	memcpy(bytes, all, size);
	cfi.image.bytes = bytes;
	cfi.image.lo = lo;
	cfi.image.size = size;
	for (da_addr pc = range[0]; pc < range[1]; pc += 3)
		da_cfi_find(&cfi, pc, &rule);
	munmap(map, map_size);
}

START_TEST(truncation_at_each_byte_reads_nothing_behind)
{
	struct sample *s = sample_create(false, 8, DA_CFI_X86_64);
	const da_addr range[2] = { 0x1000, 0x1160 };
	size_t end = x86_64_eh_frame_at + sizeof(x86_64_eh_frame);

	LOAD(s, x86_64);
	for (size_t size = 0; x86_64_eh_frame_hdr_at + size <= end; size++)
		try_truncated(s->memory + x86_64_eh_frame_hdr_at, x86_64_eh_frame_hdr_at, size,
			      &s->cfi, range);
	free(s);
}
END_TEST

/* Each byte changed in turn to the values that matter most in this format. */
START_TEST(changed_bytes_read_nothing_outside)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct sample *s = sample_create(false, 8, DA_CFI_X86_64);
	const da_addr range[2] = { 0x1000, 0x1160 };
	size_t lo = x86_64_eh_frame_hdr_at;
	size_t size = x86_64_eh_frame_at + sizeof(x86_64_eh_frame) - lo;
	uint8_t *map, *bytes;
	size_t map_size;
	struct da_rule rule;

	LOAD(s, x86_64);
	bytes = guarded(size, &map, &map_size);
	s->cfi.image.bytes = bytes;
	s->cfi.image.lo = lo;
	s->cfi.image.size = size;
	memcpy(bytes, s->memory + lo, size);
	for (size_t i = 0; i < size; i++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			bytes[i] = values[v];
			for (da_addr pc = range[0]; pc < range[1]; pc += 5)
				da_cfi_find(&s->cfi, pc, &rule);
		}
		bytes[i] = s->memory[lo + i];
	}
	munmap(map, map_size);
	free(s);
}
END_TEST

START_TEST(leb128_of_any_length_ends)
{
	uint8_t bytes[32];
	struct da_image image = { bytes, 0x1000, sizeof(bytes), false, 8 };
	struct da_cursor c;

	memset(bytes, 0x80, sizeof(bytes));
	da_cursor_init(&c, &image, 0x1000, 0x1020);
	ck_assert_uint_eq(da_cursor_uleb(&c), 0);
	ck_assert(c.bad);
	memcpy(bytes, "\x7f\x80\x7f\xe5\x8e\x26", 6);
	da_cursor_init(&c, &image, 0x1000, 0x1020);
	ck_assert_int_eq(da_cursor_sleb(&c), -1);
	ck_assert_int_eq(da_cursor_sleb(&c), -128);
	ck_assert_uint_eq(da_cursor_uleb(&c), 624485);
	ck_assert(!c.bad);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_cfi");
	TCase *t = tcase_create("cfi");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, x86_64_rule_is_right_at_each_byte);
	tcase_add_test(t, aarch64_rule_is_right_at_each_byte);
	tcase_add_test(t, aarch64_rule_is_right_with_signed_return_addresses);
	tcase_add_test(t, mips_big_endian_rule_is_right_at_each_byte);
	tcase_add_test(t, plain_entry_gives_the_cie_s_rule);
	tcase_add_test(t, undefined_return_address_is_the_end);
	tcase_add_test(t, signal_augmentation_is_a_signal_frame);
	tcase_add_test(t, unknown_augmentation_gives_no_rule);
	tcase_add_test(t, plt_expression_counts_the_second_push);
	tcase_add_test(t, realigned_frame_reads_the_cfa_from_the_frame);
	tcase_add_test(t, other_expressions_give_no_rule);
	tcase_add_test(t, remembered_state_comes_back);
	tcase_add_test(t, unbalanced_states_give_no_rule);
	tcase_add_test(t, unknown_instruction_gives_no_rule);
	tcase_add_test(t, offset_beyond_32_bits_gives_no_rule);
	tcase_add_test(t, truncation_at_each_byte_reads_nothing_behind);
	tcase_add_test(t, changed_bytes_read_nothing_outside);
	tcase_add_test(t, leb128_of_any_length_ends);
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
