/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/demangle.h"

struct example {
	const char *linkage, *full, *brief;
};

static const struct example examples[] = {
	{"main", "main", "main"},
	{"malloc@@GLIBC_2.2.5", "malloc", "malloc"},
	{"_ZN2ns1fIiEEvPKc", "void ns::f<int>(char const*)", "ns::f"},
	{"_ZlsRSoRK3foo", "operator<<(std::ostream&, foo const&)", "operator<<"},
	{"_ZN3fooptEv", "foo::operator->()", "foo::operator->"},
	{"_ZNSt6vectorIiSaIiEE9push_backEOi",
	 "std::vector<int, std::allocator<int> >::push_back(int&&)", "std::vector::push_back"},
	{"_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const",
	 "main::{lambda()#1}::operator()"},
	{"_ZN12_GLOBAL__N_11gEv", "(anonymous namespace)::g()", "(anonymous namespace)::g"},
	{"_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE",
	 "core::fmt::Formatter::write_str", "core::fmt::Formatter::write_str"},
	{"_ZN66_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop"
	 "17h0123456789abcdefE",
	 "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
	 "<alloc::vec::Vec as core::ops::drop::Drop>::drop"},
	{"_RNvMs_NtCs1234_5alloc3vecINtB4_3VecppE4push", "<alloc::vec::Vec<_, _>>::push",
	 "<alloc::vec::Vec>::push"},
	{"_RINvCs1234_7mycrate3foolE", "mycrate::foo::<i32>", "mycrate::foo"},
	{"_D3std5stdio7writelnFZv", "std.stdio.writeln()", "std.stdio.writeln()"},
	{"_Zbroken", "_Zbroken", "_Zbroken"},
	{"", "", ""},
};

START_TEST(names_read_as_people_write_them)
{
	const struct example *e = &examples[_i];
	char *text = da_demangle(e->linkage, DA_SYMBOLS_DEMANGLE_FULL);

	ck_assert_str_eq(text, e->full);
	free(text);
	text = da_demangle(e->linkage, DA_SYMBOLS_DEMANGLE_SHORT);
	ck_assert_str_eq(text, e->brief);
	free(text);
	text = da_demangle(e->linkage, DA_SYMBOLS_DEMANGLE_NONE);
	ck_assert_uint_eq(strlen(text), strcspn(e->linkage, "@"));
	free(text);
}
END_TEST

/* Every argument is made of the one before, twice: the text doubles every few bytes. */
static char *make_bomb(void)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char *name = calloc(1, 4096), *at = name;

	at += sprintf(at, "_Z1fI1AIiiE");
	for (int i = 0; digits[i]; i++)
		at += sprintf(at, "S_IS%c_S%c_E", digits[i], digits[i]);
	sprintf(at, "EvT_");
	return name;
}

START_TEST(bombs_stay_as_they_are)
{
	char *bomb = make_bomb();
	char *text = da_demangle(bomb, DA_SYMBOLS_DEMANGLE_FULL);

	ck_assert_str_eq(text, bomb);
	free(text);
	free(bomb);
}
END_TEST

START_TEST(long_names_stay_as_they_are)
{
	char *name = calloc(1, 9000);

	strcpy(name, "_Z4000");
	memset(name + 6, 'a', 8000);
	char *text = da_demangle(name, DA_SYMBOLS_DEMANGLE_FULL);
	ck_assert_str_eq(text, name);
	free(text);
	free(name);
}
END_TEST

START_TEST(deep_names_end)
{
	char *name = calloc(1, 4096);

	strcpy(name, "_Z1f");
	memset(name + 4, 'P', 4000);
	strcat(name, "i");
	free(da_demangle(name, DA_SYMBOLS_DEMANGLE_FULL));
	free(name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols/demangle");
	TCase *t = tcase_create("demangle");

	tcase_add_loop_test(t, names_read_as_people_write_them, 0,
			    sizeof(examples) / sizeof(examples[0]));
	tcase_add_test(t, bombs_stay_as_they_are);
	tcase_add_test(t, long_names_stay_as_they_are);
	tcase_add_test(t, deep_names_end);
	suite_add_tcase(suite, t);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
