/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/callsite.h"
#include "report/output.h"
#include "report/units.h"

START_TEST(bytes_are_in_powers_of_1024)
{
	char b[DA_UNITS_TEXT];

	ck_assert_str_eq(da_units_bytes(b, 0), "0 B");
	ck_assert_str_eq(da_units_bytes(b, 1023), "1023 B");
	ck_assert_str_eq(da_units_bytes(b, 1024), "1.00 KiB");
	ck_assert_str_eq(da_units_bytes(b, 10 * 1024 + 100), "10.1 KiB");
	ck_assert_str_eq(da_units_bytes(b, 1024 * 1024 - 1), "1.00 MiB");
	ck_assert_str_eq(da_units_bytes(b, 123456789), "118 MiB");
	ck_assert_str_eq(da_units_bytes(b, UINT64_MAX), "16.0 EiB");
}
END_TEST

START_TEST(counts_are_grouped_or_short)
{
	char b[DA_UNITS_TEXT];

	ck_assert_str_eq(da_units_count(b, 0), "0");
	ck_assert_str_eq(da_units_count(b, 999), "999");
	ck_assert_str_eq(da_units_count(b, 1234567), "1,234,567");
	ck_assert_str_eq(da_units_count(b, UINT64_MAX), "18,446,744,073,709,551,615");
	ck_assert_str_eq(da_units_short(b, 99999), "99999");
	ck_assert_str_eq(da_units_short(b, 100000), "100 k");
	ck_assert_str_eq(da_units_short(b, 1234567), "1.23 M");
}
END_TEST

START_TEST(times_and_shares_read_well)
{
	char b[DA_UNITS_TEXT];

	ck_assert_str_eq(da_units_time(b, 0), "0 s");
	ck_assert_str_eq(da_units_time(b, 12), "12 ns");
	ck_assert_str_eq(da_units_time(b, 67800000), "67.8 ms");
	ck_assert_str_eq(da_units_time(b, 1234000000), "1.23 s");
	ck_assert_str_eq(da_units_time(b, 123000000000), "2 min 03 s");
	ck_assert_str_eq(da_units_time(b, 3720000000000), "1 h 02 min");
	ck_assert_str_eq(da_units_share(b, 0, 0), "-");
	ck_assert_str_eq(da_units_share(b, 1, 8), "12.5%");
	ck_assert_str_eq(da_units_share(b, 1, 100000), "<0.1%");
	ck_assert_str_eq(da_units_share(b, 5, 5), "100%");
	ck_assert_str_eq(da_units_date(b, 0), "1970-01-01 00:00:00 UTC");
	ck_assert_str_eq(da_units_date(b, UINT64_MAX), "2554-07-21 23:34:33 UTC");
}
END_TEST

START_TEST(a_return_address_is_looked_up_in_its_call)
{
	static const struct {
		uint32_t machine, flags;
		da_addr addr;
		bool exact;
		da_addr want;
	} cases[] = {
		{ EM_X86_64, 0, 0x1005, false, 0x1004 },
		{ EM_X86_64, 0, 0x1005, true, 0x1005 },
		{ EM_AARCH64, 0, 0x1008, false, 0x1007 },
		{ EM_RISCV, 0, 0x1002, false, 0x1001 },
		{ EM_ARM, 0, 0x1008, false, 0x1007 },
		{ EM_ARM, 0, 0x1009, false, 0x1007 },
		{ EM_ARM, 0, 0x1009, true, 0x1008 },
		{ EM_MIPS, 0, 0x1010, false, 0x1008 },
		{ EM_MIPS, 0, 0x1010, true, 0x1010 },
		{ EM_MIPS, 0, 0x1011, false, 0x100c },
		{ EM_MIPS, 0, 0x1011, true, 0x1010 },
		{ EM_MIPS, 0x90000000, 0x1010, false, 0x100c },
		{ EM_X86_64, 0, 0, false, 0 },
		{ EM_MIPS, 0, 4, false, 4 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct da_callsite_machine m = { cases[i].machine, cases[i].flags };

		ck_assert_uint_eq(da_callsite_address(&m, cases[i].addr, cases[i].exact),
				  cases[i].want);
	}
}
END_TEST

static void expect_name(const char *program, size_t len, const char *want)
{
	char name[DA_OUTPUT_NAME];

	da_output_auto_name(name, program, len, 42, "callgrind");
	ck_assert_str_eq(name, want);
}

START_TEST(names_from_recordings_stay_in_the_directory)
{
	char many[300];

	expect_name("/usr/bin/sort", 13, "sort.42.callgrind");
	expect_name("../../x", 7, "x.42.callgrind");
	expect_name("..", 2, "program.42.callgrind");
	expect_name("-o", 2, "o.42.callgrind");
	expect_name("/", 1, "program.42.callgrind");
	expect_name("", 0, "program.42.callgrind");
	expect_name("a b\0c\n\x1b", 7, "a_b_c__.42.callgrind");
	memset(many, 'y', sizeof many);
	expect_name(many, sizeof many,
		    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
		    "yyyyy.42.callgrind");
}
END_TEST

static char dir[64];

static void setup(void)
{
	strcpy(dir, "/tmp/da-test-report.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void teardown(void)
{
	unlink("out");
	unlink("target");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(dir), 0); /* fails when a temporary file is left */
}

static void write_document(const char *text, bool keep)
{
	struct da_output o;
	struct da_err err;

	ck_assert(da_output_open(&o, "out", &err));
	fputs(text, o.file);
	if (keep)
		ck_assert(da_output_close(&o, &err));
	else
		da_output_abandon(&o);
}

static void expect_content(const char *path, const char *want)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, got, sizeof got - 1), 0);
	close(fd);
	ck_assert_str_eq(got, want);
}

START_TEST(a_document_appears_whole_and_private)
{
	struct stat st;

	write_document("one", true);
	write_document("two", true);
	expect_content("out", "two");
	ck_assert_int_eq(stat("out", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	write_document("three", false);
	expect_content("out", "two");
}
END_TEST

START_TEST(a_signal_handler_can_remove_the_temporary_file)
{
	struct da_output o;
	struct da_err err;

	ck_assert(da_output_open(&o, "out", &err));
	ck_assert_int_eq(access(o.temp, F_OK), 0);
	da_output_unlink_pending();
	ck_assert_int_ne(access(o.temp, F_OK), 0);
	da_output_abandon(&o);
}
END_TEST

START_TEST(a_symbolic_link_is_not_followed)
{
	struct da_output o;
	struct da_err err;

	ck_assert_int_eq(symlink("target", "out"), 0);
	ck_assert(!da_output_open(&o, "out", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "symbolic link"));
	ck_assert_int_ne(access("target", F_OK), 0);
}
END_TEST

START_TEST(a_directory_and_a_missing_one_are_refused)
{
	struct da_output o;
	struct da_err err;

	ck_assert(!da_output_open(&o, "/tmp", &err));
	ck_assert_str_eq(err.text, "cannot write /tmp: it is a directory");
	ck_assert(!da_output_open(&o, "no/such/file", &err));
	ck_assert_str_eq(err.text, "cannot write no/such/file: No such file or directory");
}
END_TEST

START_TEST(a_full_device_is_reported)
{
	struct da_output o;
	struct da_err err;

	ck_assert(da_output_open(&o, "/dev/full", &err));
	fputs("text", o.file);
	ck_assert(!da_output_close(&o, &err));
	ck_assert_str_eq(err.text, "cannot write /dev/full: No space left on device");
	ck_assert_int_eq(access("/dev/full", F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("small modules"), *files = tcase_create("output");
	SRunner *r;
	int failed;

	tcase_add_test(t, bytes_are_in_powers_of_1024);
	tcase_add_test(t, counts_are_grouped_or_short);
	tcase_add_test(t, times_and_shares_read_well);
	tcase_add_test(t, a_return_address_is_looked_up_in_its_call);
	tcase_add_test(t, names_from_recordings_stay_in_the_directory);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, a_document_appears_whole_and_private);
	tcase_add_test(files, a_signal_handler_can_remove_the_temporary_file);
	tcase_add_test(files, a_symbolic_link_is_not_followed);
	tcase_add_test(files, a_directory_and_a_missing_one_are_refused);
	tcase_add_test(files, a_full_device_is_reported);
	suite_add_tcase(s, t);
	suite_add_tcase(s, files);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
