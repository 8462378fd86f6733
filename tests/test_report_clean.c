/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "report/clean.h"

static void expect(const char *in, size_t len, const char *want)
{
	char out[256];
	size_t n = da_clean(out, sizeof out, in, len);

	ck_assert_str_eq(out, want);
	ck_assert_uint_eq(n, strlen(want));
	ck_assert_int_eq(da_clean_is_clean(in, len), strlen(want) == len && !memcmp(in, want, len));
}

#define EXPECT(in, want) expect(in, sizeof(in) - 1, want)

START_TEST(plain_text_stays)
{
	EXPECT("", "");
	EXPECT("operator new(unsigned long)", "operator new(unsigned long)");
	EXPECT("caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x99\x82",
	       "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x99\x82");
}
END_TEST

START_TEST(controls_are_spelled_out)
{
	EXPECT("a\tb\r\nc", "a\\x09b\\x0d\\x0ac");
	EXPECT("nul\0there", "nul\\x00there");
	EXPECT("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07");
	EXPECT("\x7f", "\\x7f");
}
END_TEST

START_TEST(c1_is_spelled_out_raw_and_encoded)
{
	EXPECT("\x9b"
	       "31m",
	       "\\x9b31m");
	EXPECT("\xc2\x9b"
	       "31m",
	       "\\xc2\\x9b31m");
	EXPECT("\xc2\xa0", "\xc2\xa0");
}
END_TEST

START_TEST(invisible_characters_are_spelled_out)
{
	EXPECT("\xe2\x80\xae"
	       "cod",
	       "\\xe2\\x80\\xaecod"); /* RLO */
	EXPECT("\xe2\x81\xa6", "\\xe2\\x81\\xa6"); /* LRI */
	EXPECT("\xe2\x80\x8b", "\\xe2\\x80\\x8b"); /* ZWSP */
	EXPECT("\xe2\x80\xa8", "\\xe2\\x80\\xa8"); /* line separator */
	EXPECT("\xef\xbb\xbf", "\\xef\\xbb\\xbf"); /* BOM */
	EXPECT("\xee\x80\x80", "\\xee\\x80\\x80"); /* private use */
	EXPECT("\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81"); /* tag */
	EXPECT("\xef\xbf\xbf", "\\xef\\xbf\\xbf"); /* noncharacter */
}
END_TEST

START_TEST(invalid_utf8_is_spelled_out)
{
	EXPECT("\xff\xfe", "\\xff\\xfe");
	EXPECT("\xc0\xaf", "\\xc0\\xaf"); /* overlong */
	EXPECT("\xe0\x80\xaf", "\\xe0\\x80\\xaf"); /* overlong */
	EXPECT("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
	EXPECT("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	EXPECT("cut \xe6\x97", "cut \\xe6\\x97");
	EXPECT("\xc3"
	       "A",
	       "\\xc3"
	       "A");
}
END_TEST

START_TEST(every_output_is_harmless_for_every_two_byte_input)
{
	for (unsigned i = 0; i < 65536; i++) {
		char in[2] = { (char)(i >> 8), (char)i }, out[16];
		size_t n = da_clean(out, sizeof out, in, 2);

		for (size_t k = 0; k < n;) {
			uint32_t c;
			size_t m = da_clean_decode(out + k, n - k, &c);

			ck_assert_uint_gt(m, 0);
			ck_assert(!da_clean_is_unsafe(c));
			k += m;
		}
		ck_assert(da_clean_is_clean(out, n));
	}
}
END_TEST

START_TEST(long_text_is_cut_at_a_character)
{
	char out[12];

	da_clean(out, sizeof out, "0123456789ab", 12);
	ck_assert_str_eq(out, "01234567...");
	da_clean(out, sizeof out, "0123456789a", 11);
	ck_assert_str_eq(out, "0123456789a");
	da_clean(out, sizeof out, "0123456\xc3\xa9zzzz", 13);
	ck_assert_str_eq(out, "0123456...");
	da_clean(out, 8, "\n\n\n", 3);
	ck_assert_str_eq(out, "\\x0a...");
}
END_TEST

START_TEST(columns_count_wide_characters_twice)
{
	ck_assert_uint_eq(da_clean_columns("abc", 3), 3);
	ck_assert_uint_eq(da_clean_columns("caf\xc3\xa9", 5), 4);
	ck_assert_uint_eq(da_clean_columns("\xe6\x97\xa5", 3), 2);
	ck_assert_uint_eq(da_clean_fit("\xe6\x97\xa5\xe6\x97\xa5", 6, 3), 3);
	ck_assert_uint_eq(da_clean_fit("abcdef", 6, 4), 4);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report/clean");
	TCase *t = tcase_create("clean");
	SRunner *r;
	int failed;

	tcase_add_test(t, plain_text_stays);
	tcase_add_test(t, controls_are_spelled_out);
	tcase_add_test(t, c1_is_spelled_out_raw_and_encoded);
	tcase_add_test(t, invisible_characters_are_spelled_out);
	tcase_add_test(t, invalid_utf8_is_spelled_out);
	tcase_add_test(t, every_output_is_harmless_for_every_two_byte_input);
	tcase_add_test(t, long_text_is_cut_at_a_character);
	tcase_add_test(t, columns_count_wide_characters_twice);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
