/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/symbols.h"
#include "symbols/wire.h"

#define ADDRESSES 4

static uint8_t golden[65536];
static size_t n_golden;

/* One message of each kind, through a pipe. */
static void setup(void)
{
	static const uint8_t id[3] = {1, 2, 3};
	struct da_wire_frame frames[2] = {{.line = 7, .flags = DA_WIRE_INLINED}, {.line = 9}};
	struct da_wire_module module = {DA_SYMBOLS_MISMATCH, 0, DA_WIRE_NONE, DA_WIRE_HAS_LINES};
	struct da_wire_want want = {.alt = true, .crc = 0x12345678, .id = id, .id_len = 3,
				    .name = "x.debug", .name_len = 7};
	struct da_wire_writer w;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	da_wire_writer_init(&w, ends[1]);
	frames[0].function = da_wire_string(&w, "inner");
	frames[0].file = da_wire_string(&w, "a.c");
	frames[1].function = da_wire_string(&w, "outer");
	frames[1].file = da_wire_string(&w, "a.c");
	da_wire_frames(&w, 3, frames, 2);
	da_wire_module(&w, &module);
	da_wire_note(&w, "a note");
	da_wire_want(&w, &want);
	da_wire_flush(&w);
	da_wire_writer_deinit(&w);
	close(ends[1]);
	n_golden = (size_t)read(ends[0], golden, sizeof(golden));
	close(ends[0]);
}

static bool next(struct da_wire_reader *r, struct da_wire_message *m)
{
	return da_wire_next(r, ADDRESSES, m);
}

START_TEST(all_messages_come_back)
{
	struct da_wire_reader r = {.bytes = golden, .n = n_golden};
	struct da_wire_message m;
	static const char *const texts[] = {"inner", "a.c", "outer"};

	for (int i = 0; i < 3; i++) {
		ck_assert(next(&r, &m));
		ck_assert_int_eq(m.kind, DA_WIRE_STRING);
		ck_assert_uint_eq(m.text_len, strlen(texts[i]));
		ck_assert_mem_eq(m.text, texts[i], m.text_len);
	}
	ck_assert(next(&r, &m));
	ck_assert_int_eq(m.kind, DA_WIRE_FRAMES);
	ck_assert_uint_eq(m.index, 3);
	ck_assert_uint_eq(m.n_frames, 2);
	struct da_wire_frame f = da_wire_get_frame(&m, 1);
	ck_assert_uint_eq(f.function, 3);
	ck_assert_uint_eq(f.file, 2);
	ck_assert_uint_eq(f.line, 9);
	ck_assert_uint_eq(f.flags, 0);
	ck_assert(next(&r, &m));
	ck_assert_uint_eq(m.module.verdict, DA_SYMBOLS_MISMATCH);
	ck_assert_uint_eq(m.module.debug_file, DA_WIRE_NONE);
	ck_assert(next(&r, &m));
	ck_assert_int_eq(m.kind, DA_WIRE_NOTE);
	ck_assert(next(&r, &m));
	ck_assert(m.want.alt);
	ck_assert_uint_eq(m.want.crc, 0x12345678);
	ck_assert_uint_eq(m.want.id_len, 3);
	ck_assert_mem_eq(m.want.name, "x.debug", 7);
	ck_assert(!next(&r, &m));
	ck_assert_uint_eq(r.at, n_golden);
}
END_TEST

/* Read all there is from a copy of exactly @n bytes, so that a checker sees reads past its end. */
static unsigned int read_all(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct da_wire_reader r = {.bytes = copy, .n = n};
	struct da_wire_message m;
	unsigned int messages = 0;

	if (n)
		memcpy(copy, bytes, n);
	while (next(&r, &m)) {
		messages++;
		if (m.kind == DA_WIRE_FRAMES) {
			ck_assert_uint_lt(m.index, ADDRESSES);
			for (uint32_t i = 0; i < m.n_frames; i++)
				ck_assert_uint_le(da_wire_get_frame(&m, i).function, r.n_strings);
		}
	}
	free(copy);
	return messages;
}

START_TEST(cut_answers_end_at_the_last_whole_message)
{
	unsigned int last = 0;

	for (size_t n = 0; n <= n_golden; n++) {
		unsigned int messages = read_all(golden, n);
		ck_assert_uint_ge(messages, last);
		last = messages;
	}
	ck_assert_uint_eq(last, 7);
}
END_TEST

START_TEST(every_byte_may_be_wrong)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	uint8_t bytes[sizeof(golden)];

	for (size_t i = 0; i < n_golden; i++)
		for (size_t k = 0; k < sizeof(values); k++) {
			memcpy(bytes, golden, n_golden);
			bytes[i] = values[k];
			read_all(bytes, n_golden);
		}
}
END_TEST

START_TEST(numbers_of_unknown_strings_are_refused)
{
	struct da_wire_reader r = {.bytes = golden, .n = n_golden};
	struct da_wire_message m;
	uint8_t bytes[sizeof(golden)];

	for (int i = 0; i < 3; i++)
		ck_assert(next(&r, &m));
	memcpy(bytes, golden, n_golden);
	bytes[r.at + 8 + 4] = 4;
	r.bytes = bytes;
	ck_assert(!next(&r, &m));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols/wire");
	TCase *t = tcase_create("wire");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, all_messages_come_back);
	tcase_add_test(t, cut_answers_end_at_the_last_whole_message);
	tcase_add_test(t, every_byte_may_be_wrong);
	tcase_add_test(t, numbers_of_unknown_strings_are_refused);
	suite_add_tcase(suite, t);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
