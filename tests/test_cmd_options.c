/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/options.h"
#include "cmd/quantity.h"

struct values {
	const char *name;
	uint64_t size;
	bool flag;
	const char *maybe;
};

static bool set_name(void *options, const char *value, struct da_err *err)
{
	(void)err;
	((struct values *)options)->name = value;
	return true;
}

static bool set_size(void *options, const char *value, struct da_err *err)
{
	return da_quantity_parse_size(value, &((struct values *)options)->size, err);
}

static bool set_flag(void *options, const char *value, struct da_err *err)
{
	(void)value, (void)err;
	((struct values *)options)->flag = true;
	return true;
}

static bool set_maybe(void *options, const char *value, struct da_err *err)
{
	(void)err;
	((struct values *)options)->maybe = value ? value : "none";
	return true;
}

static const struct da_option table[] = {
	{ "name", "title,label", 'n', "NAME", "a name", set_name },
	{ .help = "More:" },
	{ "max-size", NULL, 'Z', "SIZE", "a size,\nin two lines", set_size },
	{ "flag", NULL, 'f', NULL, "a flag", set_flag },
	{ "maybe", NULL, 0, "[X]", "an optional argument", set_maybe },
	{ NULL, NULL, 0, NULL, NULL, NULL },
};

static struct da_command command = {
	.name = "test", .summary = "Test", .usage = "[options]", .options = table,
	.environment = true, .program_follows = true,
};

static char output[8192];

/* What the parser writes to @fd goes to output[]. */
static enum da_options_result parse(struct values *v, int fd, int *first, char **argv)
{
	char path[] = "/tmp/dumpalloc-test-XXXXXX";
	int file = mkstemp(path), saved = dup(fd), argc = 0;
	enum da_options_result result;
	ssize_t n;

	ck_assert_int_ge(file, 0);
	unlink(path);
	while (argv[argc])
		argc++;
	dup2(file, fd);
	result = da_options_parse(&command, argc, argv, v, first);
	fflush(stdout);
	dup2(saved, fd);
	close(saved);
	n = pread(file, output, sizeof output - 1, 0);
	output[n > 0 ? n : 0] = '\0';
	close(file);
	return result;
}

#define PARSE(...) parse(&v, STDERR_FILENO, &first, (char *[]){ "test", __VA_ARGS__, NULL })

START_TEST(options_end_at_the_programs_name)
{
	struct values v = { .name = NULL };
	int first;

	ck_assert_int_eq(PARSE("-n", "a", "--flag", "prog", "--max-size", "5"), DA_OPTIONS_RUN);
	ck_assert_str_eq(v.name, "a");
	ck_assert(v.flag);
	ck_assert_uint_eq(v.size, 0);
	ck_assert_int_eq(first, 4);
	ck_assert_int_eq(PARSE("--", "-n"), DA_OPTIONS_RUN);
	ck_assert_int_eq(first, 2);
}
END_TEST

START_TEST(operands_may_stand_before_options_of_other_commands)
{
	struct values v = { .name = NULL };
	int first;

	command.program_follows = false;
	ck_assert_int_eq(PARSE("file", "-Z", "4k"), DA_OPTIONS_RUN);
	ck_assert_uint_eq(v.size, 4096);
	ck_assert_int_eq(first, 3);
}
END_TEST

START_TEST(aliases_and_optional_arguments_are_taken)
{
	struct values v = { .name = NULL };
	int first;

	ck_assert_int_eq(PARSE("--label=x", "--maybe"), DA_OPTIONS_RUN);
	ck_assert_str_eq(v.name, "x");
	ck_assert_str_eq(v.maybe, "none");
	ck_assert_int_eq(PARSE("--title", "y", "--maybe=7"), DA_OPTIONS_RUN);
	ck_assert_str_eq(v.name, "y");
	ck_assert_str_eq(v.maybe, "7");
}
END_TEST

START_TEST(a_wrong_option_gets_a_hint)
{
	struct values v = { .name = NULL };
	int first;

	ck_assert_int_eq(PARSE("--max-sise=3"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "unknown option '--max-sise': did you mean '--max-size'?"));
	ck_assert_int_eq(PARSE("--nothing-like-it"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "'dumpalloc test --help' lists them"));
	ck_assert_int_eq(PARSE("-x"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "unknown option '-x'"));
	ck_assert_int_eq(PARSE("--max-size"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "option '--max-size' needs an argument: SIZE"));
	ck_assert_int_eq(PARSE("--flag=1"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "option '--flag' takes no argument"));
	ck_assert_int_eq(PARSE("--max-size=many"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "--max-size: 'many' is not a size"));
	ck_assert_int_eq(PARSE("--color=red"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "'red' is none of auto, always, never"));
}
END_TEST

START_TEST(the_environment_gives_defaults)
{
	struct values v = { .name = NULL };
	int first;

	setenv("DUMPALLOC_MAX_SIZE", "2M", 1);
	setenv("DUMPALLOC_NAME", "env", 1);
	setenv("DUMPALLOC_FLAG", "0", 1);
	ck_assert_int_eq(PARSE("--name=line"), DA_OPTIONS_RUN);
	ck_assert_uint_eq(v.size, 2 << 20);
	ck_assert_str_eq(v.name, "line");
	ck_assert(!v.flag);
	setenv("DUMPALLOC_FLAG", "1", 1);
	setenv("DUMPALLOC_MAX_SIZE", "x", 1);
	ck_assert_int_eq(PARSE("a"), DA_OPTIONS_BAD);
	ck_assert_ptr_nonnull(strstr(output, "DUMPALLOC_MAX_SIZE: 'x' is not a size"));
}
END_TEST

START_TEST(help_goes_to_stdout_in_80_columns_with_every_option)
{
	struct values v = { .name = NULL };
	int first;

	ck_assert_int_eq(parse(&v, STDOUT_FILENO, &first, (char *[]){ "test", "-h", NULL }),
			 DA_OPTIONS_DONE);
	for (const char *word = "-n, --name=NAME\0-Z, --max-size=SIZE\0in two lines\0--maybe[=X]\0"
				"-v, --verbose\0-q, --quiet\0--color=WHEN\0-h, --help\0-V, --version\0";
	     *word; word += strlen(word) + 1)
		ck_assert_msg(strstr(output, word) != NULL, "no '%s' in the help text", word);
	for (const char *line = output; *line; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
}
END_TEST

START_TEST(sizes_are_in_powers_of_1024)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "0", 0 },	       { "4096", 4096 },     { "64k", 65536 },
		     { "64K", 65536 },	       { "64KiB", 65536 },   { "2M", 2 << 20 },
		     { "1G", 1 << 30 },	       { "1gb", 1 << 30 },   { "3T", UINT64_C(3) << 40 },
		     { "12B", 12 } };
	static const char *const bad[] = { "", "k", "-1", "1.5M", "1 M", "1KK", "99999999999999T",
					   "18446744073709551616", "0x10" };
	struct da_err err;
	uint64_t v;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(da_quantity_parse_size(good[i].text, &v, &err), "%s", good[i].text);
		ck_assert_uint_eq(v, good[i].bytes);
	}
	v = 77;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(!da_quantity_parse_size(bad[i], &v, &err), "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(err.text, bad[i]));
	}
	ck_assert_uint_eq(v, 77);
}
END_TEST

START_TEST(times_take_units_and_decimals)
{
	struct da_err err;
	uint64_t ns;

	ck_assert(da_quantity_parse_time("250ms", &ns, &err));
	ck_assert_uint_eq(ns, UINT64_C(250000000));
	ck_assert(da_quantity_parse_time("1.5s", &ns, &err));
	ck_assert_uint_eq(ns, UINT64_C(1500000000));
	ck_assert(da_quantity_parse_time("0.000001", &ns, &err));
	ck_assert_uint_eq(ns, 1000);
	ck_assert(da_quantity_parse_time("24h", &ns, &err));
	ck_assert_uint_eq(ns, UINT64_C(86400000000000));
	ck_assert(da_quantity_parse_time("7us", &ns, &err));
	ck_assert_uint_eq(ns, 7000);
	ck_assert(!da_quantity_parse_time("5d", &ns, &err));
	ck_assert(!da_quantity_parse_time("", &ns, &err));
	ck_assert(!da_quantity_parse_time("1.", &ns, &err));
	ck_assert(!da_quantity_parse_time("99999999999999h", &ns, &err));
}
END_TEST

START_TEST(sizes_and_times_are_written_for_people)
{
	char b[DA_QUANTITY_TEXT];

	ck_assert_str_eq(da_quantity_format_size(b, 1023), "1023 B");
	ck_assert_str_eq(da_quantity_format_size(b, 1536), "1.50 KiB");
	ck_assert_str_eq(da_quantity_format_size(b, UINT64_MAX), "16.0 EiB");
	ck_assert_str_eq(da_quantity_format_time(b, 12345678), "12 ms");
	ck_assert_str_eq(da_quantity_format_time(b, UINT64_C(125000000000)), "2 min 5 s");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cmd_options");
	TCase *tc = tcase_create("cmd_options");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, options_end_at_the_programs_name);
	tcase_add_test(tc, operands_may_stand_before_options_of_other_commands);
	tcase_add_test(tc, aliases_and_optional_arguments_are_taken);
	tcase_add_test(tc, a_wrong_option_gets_a_hint);
	tcase_add_test(tc, the_environment_gives_defaults);
	tcase_add_test(tc, help_goes_to_stdout_in_80_columns_with_every_option);
	tcase_add_test(tc, sizes_are_in_powers_of_1024);
	tcase_add_test(tc, times_take_units_and_decimals);
	tcase_add_test(tc, sizes_and_times_are_written_for_people);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
