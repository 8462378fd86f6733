/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writers against golden files in tests/report/; UPDATE_GOLDEN=1 writes them anew. */
#include "config.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/brief.h"
#include "report/callgrind.h"
#include "report/clean.h"
#include "report/folded.h"
#include "report/json.h"
#include "report/text.h"
#include "report/wrappers.h"
#include "report_fixture.h"

static void write_text(const struct da_report *r, FILE *out)
{
	struct da_text_options o = { .sections = DA_TEXT_ALL,
				     .limit = 4,
				     .sub_limit = 2,
				     .depth = 3,
				     .columns = DA_LAYOUT_COLUMNS };

	da_text_write(r, &o, out);
}

static void write_folded(const struct da_report *r, FILE *out)
{
	da_folded_write(r, DA_REPORT_KEY_BYTES, out);
}

static const struct {
	const char *name;
	void (*write)(const struct da_report *r, FILE *out);
} writers[] = {
	{ "text", write_text },
	{ "callgrind", da_callgrind_write },
	{ "json", da_json_write },
	{ "folded", write_folded },
};
#define N_WRITERS (sizeof writers / sizeof *writers)

/* ---- golden files */

static const struct {
	const char *name;
	void (*open)(struct da_report *r);
} recordings[] = {
	{ "small", fixture_open },
	{ "sampled", fixture_open_sampled },
};
#define N_RECORDINGS (sizeof recordings / sizeof *recordings)

static void golden_path(char *path, size_t size, const char *recording, const char *name)
{
	const char *top = getenv("top_srcdir");

	snprintf(path, size, "%s/tests/report/%s.%s.golden", top ? top : ".", recording, name);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	ck_assert_msg(f != NULL, "no %s", path);
	ck_assert(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

/* Our version's number is not part of what is tested. */
static void hide_version(char *text)
{
	static const char *const marks[] = { "creator: dumpalloc ", "\"reporter\":\"" };

	for (size_t i = 0; i < 2; i++) {
		char *at = strstr(text, marks[i]);

		if (!at)
			continue;
		at += strlen(marks[i]);
		ck_assert(strncmp(at, PACKAGE_VERSION, strlen(PACKAGE_VERSION)) == 0);
		*at = 'V';
		memmove(at + 1, at + strlen(PACKAGE_VERSION),
			strlen(at + strlen(PACKAGE_VERSION)) + 1);
	}
}

START_TEST(document_is_the_golden_one)
{
	size_t writer = (size_t)_i % N_WRITERS, recording = (size_t)_i / N_WRITERS;
	struct da_report r;
	char path[512], *got, *want;
	size_t len;

	recordings[recording].open(&r);
	got = fixture_render(writers[writer].write, &r, &len);
	fixture_close(&r);
	hide_version(got);
	golden_path(path, sizeof path, recordings[recording].name, writers[writer].name);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(path, "w");

		ck_assert(f && fputs(got, f) >= 0 && fclose(f) == 0);
	}
	want = read_file(path);
	ck_assert_str_eq(got, want);
	free(want);
	free(got);
}
END_TEST

/* ---- Callgrind: sums */

static void read_costs(const char *line, uint64_t *costs)
{
	char *end;

	for (size_t i = 0; i < DA_CALLGRIND_EVENTS; i++, line = end)
		costs[i] = strtoull(line, &end, 10);
}

/* Sum of all lines' own costs, and what "summary:" and "totals:" say. */
static void parse_callgrind(const char *text, uint64_t own[], uint64_t summary[], uint64_t totals[])
{
	bool is_call = false;

	memset(own, 0, DA_CALLGRIND_EVENTS * sizeof *own);
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += !!line) {
		uint64_t costs[DA_CALLGRIND_EVENTS];
		char *end;

		if (strncmp(line, "summary:", 8) == 0)
			read_costs(line + 8, summary);
		else if (strncmp(line, "totals:", 7) == 0)
			read_costs(line + 7, totals);
		else if (strncmp(line, "calls=", 6) == 0)
			is_call = true;
		if (*line < '0' || *line > '9')
			continue;
		strtoull(line, &end, 10);
		read_costs(end, costs);
		for (size_t i = 0; !is_call && i < DA_CALLGRIND_EVENTS; i++)
			own[i] += costs[i];
		is_call = false;
	}
}

static void check_callgrind_sums(const struct da_report *r)
{
	const struct da_model_totals *t = &r->model->totals;
	const uint64_t want[DA_CALLGRIND_EVENTS] = {
		t->live_bytes, t->live_blocks, t->alloc_bytes, t->alloc_calls,      t->freed_bytes,
		t->free_calls, t->peak_bytes,  t->peak_blocks, t->temporary_blocks,
	};
	uint64_t own[DA_CALLGRIND_EVENTS], summary[DA_CALLGRIND_EVENTS];
	uint64_t totals[DA_CALLGRIND_EVENTS];
	size_t len;
	char *text = fixture_render(da_callgrind_write, r, &len);

	parse_callgrind(text, own, summary, totals);
	ck_assert_mem_eq(own, want, sizeof want);
	ck_assert_mem_eq(summary, want, sizeof want);
	ck_assert_mem_eq(totals, want, sizeof want);
	free(text);
}

START_TEST(callgrind_costs_sum_up_to_the_totals)
{
	struct da_report r;

	fixture_open(&r);
	check_callgrind_sums(&r);
	fixture_close(&r);
}
END_TEST

START_TEST(without_stacks_there_are_still_totals)
{
	struct da_report r;

	fixture_open_stackless(&r);
	ck_assert_uint_gt(r.model->totals.alloc_calls, 0);
	check_callgrind_sums(&r);
	for (size_t i = 0; i < N_WRITERS; i++) {
		size_t len;
		char *text = fixture_render(writers[i].write, &r, &len);

		ck_assert_uint_gt(len, 0);
		free(text);
	}
	fixture_close(&r);
}
END_TEST

START_TEST(recursion_counts_once_per_pair)
{
	struct da_report r;
	size_t len;
	char *text;

	fixture_open(&r);
	text = fixture_render(da_callgrind_write, &r, &len);
	/* even and odd call each other twice in one stack of 1000 bytes */
	ck_assert_ptr_null(strstr(text, " 2000 "));
	free(text);
	fixture_close(&r);
}
END_TEST

START_TEST(a_site_names_the_wrapper_that_all_its_stacks_call)
{
	static const char *const seconds[] = { "strdup", "strndup" };
	struct da_report r;
	size_t len;
	char *text;

	fixture_open_wrappers(&r, seconds[_i]);
	text = fixture_render(write_text, &r, &len);
	ck_assert_ptr_nonnull(strstr(text, "/src/prog/name.cc:7 in prog"));
	ck_assert_int_eq(strstr(text, "calling strdup") != NULL, _i == 0);
	ck_assert_ptr_null(strstr(text, "calling strndup"));
	free(text);
	fixture_close(&r);
}
END_TEST

/* ---- H08: hostile texts */

static const struct {
	const char *bytes;
	size_t len;
} evils[] = {
#define EVIL(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
	EVIL("\x1b[31mred\x1b[0m"),
	EVIL("\x1b]52;c;ZXZpbA==\x07"),
	EVIL("\x1bP+q\x1b\\"),
	EVIL("\xc2\x9b"
	     "31m \x9b"
	     "31m"),
	EVIL("\xe2\x80\xaereversed\xe2\x81\xa9"),
	EVIL("line\nfn=(1) forged\ncalls=9 9\r"),
	EVIL("%n%n%s%99999d"),
	EVIL("(1)x"),
	EVIL("(1) y\ttab"),
	EVIL("=cmd|' /C calc'!A0"),
	EVIL("<script>alert(1)</script>"),
	EVIL("quote\" back\\slash </b>"),
	EVIL("\xff\xfe\xc0\xaf\xed\xa0\x80"),
	EVIL("semi;colon;99 7"),
	EVIL("\x7f\x08\x0c"),
	EVIL("../../etc/passwd"),
	EVIL("-o"),
	EVIL(" "),
	EVIL("events: X"),
};
#define N_EVILS (sizeof evils / sizeof *evils)

static void check_harmless(const char *text, size_t len)
{
	ck_assert_uint_eq(strlen(text), len);
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = da_clean_decode(text + i, len - i, &c);

		ck_assert_msg(n > 0 && (c == '\n' || !da_clean_is_unsafe(c)), "byte %zu: %.40s", i,
			      text + i);
		i += n;
	}
}

/* Each line is one that a Callgrind reader knows. */
static void check_callgrind_lines(const char *text)
{
	static const char *const starts[] = {
		"#",        "version: 1", "creator: ",       "pid: ",
		"cmd:",     "desc: ",     "positions: line", "event: ",
		"events: ", "summary: ",  "totals: ",        "ob=(",
		"fl=(",     "fn=(",       "cob=(",           "cfi=(",
		"cfn=(",    "calls="
	};
	unsigned seen_fn = 0;

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += !!line) {
		bool known = *line == '\n' || (*line >= '0' && *line <= '9');

		for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
			known |= strncmp(line, starts[i], strlen(starts[i])) == 0;
		ck_assert_msg(known, "%.60s", line);
		seen_fn += strncmp(line, "fn=", 3) == 0;
	}
	ck_assert_uint_le(seen_fn, 3);
}

static void check_json(const char *text, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, 0, &error);

	ck_assert_msg(root != NULL, "%s at %d", error.text, error.position);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "sites")), 1);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_ge(text[i], '\n');
	json_decref(root);
}

START_TEST(evil_texts_are_harmless_in_every_document)
{
	struct da_report r;

	fixture_open_evil(&r, evils[_i].bytes, evils[_i].len);
	for (size_t i = 0; i < N_WRITERS; i++) {
		size_t len;
		char *text = fixture_render(writers[i].write, &r, &len);

		check_harmless(text, len);
		if (writers[i].write == da_callgrind_write)
			check_callgrind_lines(text);
		if (writers[i].write == da_json_write)
			check_json(text, len);
		if (writers[i].write == write_folded)
			ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
		free(text);
	}
	fixture_close(&r);
}
END_TEST

/* ---- text */

START_TEST(text_fits_80_columns)
{
	struct da_report r;
	size_t len;
	char *text;

	recordings[_i].open(&r);
	text = fixture_render(write_text, &r, &len);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(da_clean_columns(line, strlen(line)) <= 80, "%s", line);
	free(text);
	fixture_close(&r);
}
END_TEST

START_TEST(a_long_name_wraps_and_ends)
{
	char name[3001], *text = NULL;
	struct da_layout l = { .columns = 80 };
	size_t len;

	memset(name, 'x', 3000);
	name[3000] = '\0';
	l.out = open_memstream(&text, &len);
	da_layout_wrap(&l, 10, 4, 3, name);
	fclose(l.out);
	ck_assert_uint_eq(len, 70 + 1 + 80 + 1 + 80 + 1);
	ck_assert_str_eq(text + len - 4, "...\n");
	free(text);
}
END_TEST

START_TEST(no_line_breaks_within_a_number)
{
	char *text = NULL;
	struct da_layout l = { .columns = 20 };
	size_t len;

	l.out = open_memstream(&text, &len);
	da_layout_wrap(&l, 0, 2, 3, "frees of them: 328,350");
	fclose(l.out);
	ck_assert_str_eq(text, "frees of them:\n  328,350\n");
	free(text);
}
END_TEST

/* ---- names */

START_TEST(brief_names_keep_what_matters)
{
	static const char *const cases[][2] = {
		{ "main", "main" },
		{ "f.part.0", "f.part.0" },
		{ "void std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int*, int)",
		  "std::vector::_M_realloc_insert" },
		{ "operator new[](unsigned long)", "operator new[]" },
		{ "ns::A::operator()(int) const", "ns::A::operator()" },
		{ "ns::A::operator unsigned long() const", "ns::A::operator unsigned long" },
		{ "A::operator->() const", "A::operator->" },
		{ "main::{lambda(int)#1}::operator()(int) const", "main::{lambda}::operator()" },
		{ "(anonymous namespace)::f(int) [clone .isra.0]", "(anonymous namespace)::f" },
		{ "std::__cxx11::to_string[abi:cxx11](int)", "std::__cxx11::to_string" },
		{ "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
		  "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop" },
		{ "core::ptr::drop_in_place::<alloc::string::String>", "core::ptr::drop_in_place" },
		{ "unsigned long ns::f<int>(int)", "ns::f" },
		{ "a<b", "a" },
		{ "operator(", "operator(" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(da_brief(out, sizeof out, cases[i][0]), cases[i][1]);
	ck_assert_str_eq(da_brief(out, 4, "main"), "mai");
	ck_assert_str_eq(da_brief(out, 4, "ab\xc3\xa9"), "ab");
}
END_TEST

START_TEST(wrappers_are_known_by_their_whole_name)
{
	static const char *const yes[] = { "malloc",
					   "operator new(unsigned long)",
					   "xzalloc",
					   "CRYPTO_malloc",
					   "__GI___strdup",
					   "_Znwm",
					   "std::vector<int>::push_back(int&&)",
					   "void std::f<int>(int)",
					   "g_strdup" };
	static const char *const no[] = {
		"main",         "mallocate", "my_malloc", "operator delete(void*)",
		"ns::std::f()", "free",      ""
	};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		ck_assert_msg(da_wrappers_has(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ck_assert_msg(!da_wrappers_has(no[i]), "%s", no[i]);
	ck_assert(da_wrappers_is_start("__libc_start_main_impl"));
	ck_assert(da_wrappers_is_start("clone3"));
	ck_assert(!da_wrappers_is_start("main"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report/writers");
	TCase *t = tcase_create("documents");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, document_is_the_golden_one, 0, N_WRITERS * N_RECORDINGS);
	tcase_add_test(t, callgrind_costs_sum_up_to_the_totals);
	tcase_add_test(t, without_stacks_there_are_still_totals);
	tcase_add_test(t, recursion_counts_once_per_pair);
	tcase_add_loop_test(t, a_site_names_the_wrapper_that_all_its_stacks_call, 0, 2);
	tcase_add_loop_test(t, evil_texts_are_harmless_in_every_document, 0, N_EVILS);
	tcase_add_loop_test(t, text_fits_80_columns, 0, N_RECORDINGS);
	tcase_add_test(t, a_long_name_wraps_and_ends);
	tcase_add_test(t, no_line_breaks_within_a_number);
	tcase_add_test(t, brief_names_keep_what_matters);
	tcase_add_test(t, wrappers_are_known_by_their_whole_name);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
