/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "preload/boot.h"
#include "preload/environment.h"
#include "preload/linkmap.h"
#include "preload/quantity.h"
#include "preload/stacks.h"

static char *env_text(const char *s)
{
	return strdup(s);
}

START_TEST(environment_loses_our_variables_and_our_preload_only)
{
	char *list = env_text("LD_PRELOAD=/a/theirs.so:/x/libdumpalloc.so /b/other.so");
	char *env[] = {(char *)"A=1", (char *)"DUMPALLOC_FILE=f", list, (char *)"DUMPALLOC_POOL=3,4",
		       (char *)"Z=9", NULL};

	ck_assert_str_eq(da_environment_get(env, "DUMPALLOC_FILE"), "f");
	ck_assert_ptr_null(da_environment_get(env, "DUMPALLOC"));
	da_environment_clean(env, "/x/libdumpalloc.so");
	ck_assert_str_eq(env[0], "A=1");
	ck_assert_str_eq(env[1], "LD_PRELOAD=/a/theirs.so:/b/other.so");
	ck_assert_str_eq(env[2], "Z=9");
	ck_assert_ptr_null(env[3]);
	free(list);
}
END_TEST

START_TEST(preload_with_nothing_else_in_it_goes)
{
	char *list = env_text("LD_PRELOAD=/x/libdumpalloc.so");
	char *env[] = {list, (char *)"Z=9", NULL};

	da_environment_clean(env, "/x/libdumpalloc.so");
	ck_assert_str_eq(env[0], "Z=9");
	ck_assert_ptr_null(env[1]);
	free(list);
}
END_TEST

START_TEST(preload_entry_that_only_begins_like_ours_stays)
{
	char *list = env_text("LD_PRELOAD=/x/libdumpalloc.so.old:/x/lib");
	char *env[] = {list, NULL};

	da_environment_clean(env, "/x/libdumpalloc.so");
	ck_assert_str_eq(env[0], "LD_PRELOAD=/x/libdumpalloc.so.old:/x/lib");
	free(list);
}
END_TEST

START_TEST(quantities_have_units_and_bounds)
{
	uint64_t v = 7;

	ck_assert(da_quantity_parse("0", &v) && v == 0);
	ck_assert(da_quantity_parse("12k", &v) && v == 12288);
	ck_assert(da_quantity_parse("3G", &v) && v == 3ull << 30);
	ck_assert(da_quantity_parse("18446744073709551615", &v) && v == UINT64_MAX);
	v = 7;
	ck_assert(!da_quantity_parse("18446744073709551616", &v));
	ck_assert(!da_quantity_parse("17179869184G", &v));
	ck_assert(!da_quantity_parse("", &v));
	ck_assert(!da_quantity_parse("k", &v));
	ck_assert(!da_quantity_parse("-1", &v));
	ck_assert(!da_quantity_parse("1kk", &v));
	ck_assert_uint_eq(v, 7);
}
END_TEST

START_TEST(boot_heap_aligns_zeroes_and_ends_without_harm)
{
	unsigned n = 0;

	for (size_t align = 1; align <= 4096; align *= 2) {
		uint8_t *p = da_boot_alloc(align, 33);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % (align < 16 ? 16 : align), 0);
		ck_assert(da_boot_owns(p));
		ck_assert_uint_eq(da_boot_size(p), 33);
		for (int i = 0; i < 33; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, 33);
	}
	while (da_boot_alloc(16, 100))
		n++;
	ck_assert_uint_gt(n, 10);
	ck_assert_ptr_null(da_boot_alloc(16, SIZE_MAX));
	ck_assert(!da_boot_owns(&n));
}
END_TEST

START_TEST(stacks_are_found_by_hash_while_the_table_grows)
{
	struct da_stacks s = {.entries = NULL};

	ck_assert_uint_eq(da_stacks_find(&s, 1), 0);
	for (uint32_t i = 1; i <= 50000; i++)
		da_stacks_insert(&s, i * 0x9e3779b97f4a7c15u, i);
	for (uint32_t i = 1; i <= 50000; i++)
		ck_assert_uint_eq(da_stacks_find(&s, i * 0x9e3779b97f4a7c15u), i);
	ck_assert_uint_le(s.capacity, 131072);
	da_stacks_clear(&s);
	ck_assert_uint_eq(da_stacks_find(&s, 0x9e3779b97f4a7c15u), 0);
}
END_TEST

START_TEST(link_map_finds_what_the_dynamic_linker_finds)
{
	struct da_linkmap l = {.debug = NULL};

	/* this program has an entry like any object; what follows it is found as "next" */
	ck_assert(da_linkmap_init(&l, environ));
	ck_assert_ptr_eq(da_linkmap_find_next(&l, "malloc"), (void *)malloc);
	ck_assert_ptr_eq(da_linkmap_find(&l, "getpid"), (void *)getpid);
	ck_assert_ptr_null(da_linkmap_find(&l, "da_no_such_symbol"));
	ck_assert_uint_eq(l.auxv.page_size, (uintptr_t)sysconf(_SC_PAGESIZE));
	ck_assert(da_linkmap_is_consistent(&l));
}
END_TEST

START_TEST(a_zombie_does_not_exist)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(kill(pid, 0), 0);
	ck_assert(!da_sys_process_exists(pid));
	waitpid(pid, NULL, 0);
	ck_assert(!da_sys_process_exists(pid));
}
END_TEST

START_TEST(raw_system_calls_agree_with_the_libc)
{
	int pipes[2];
	struct da_sys_file_id a, b;
	char local;

	ck_assert_int_eq(da_sys_getpid(), getpid());
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(da_sys_write(pipes[1], "xy", 2), 2);
	ck_assert_int_eq(da_sys_read(pipes[0], &local, 1), 1);
	ck_assert_int_eq(local, 'x');
	ck_assert_int_eq(da_sys_file_id(pipes[0], &a), 0);
	ck_assert_int_eq(da_sys_file_id(pipes[1], &b), 0);
	ck_assert_uint_eq(a.inode, b.inode);
	ck_assert_int_eq(da_sys_close(pipes[0]), 0);
	ck_assert_int_lt(da_sys_write(-1, "x", 1), 0);
	ck_assert(da_sys_is_mapped((uintptr_t)&local, (uintptr_t)&local + 1));
	ck_assert(!da_sys_is_mapped(4096, 8192));
	ck_assert(da_sys_process_exists(getpid()));
}
END_TEST

START_TEST(memory_that_may_go_away_is_read_without_faults)
{
	const size_t size = 65536; /* a page of any CPU */
	uint32_t *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *end = p + size / sizeof *p;
	uint32_t copy = 0;
	long n;

	ck_assert(p != MAP_FAILED);
	ck_assert_int_eq(mprotect(end, size, PROT_NONE), 0);
	end[-1] = 7;
	ck_assert_int_eq(da_sys_compare(end - 1, 7), 1);
	ck_assert_int_eq(da_sys_compare(end - 1, 8), 0);
	ck_assert_int_eq(da_sys_compare(end, 0), -EFAULT);
	ck_assert(da_sys_is_mapped((uintptr_t)p, (uintptr_t)end));
	ck_assert(!da_sys_is_mapped((uintptr_t)p, (uintptr_t)end + 1));
	n = da_sys_copy(getpid(), &copy, (uintptr_t)(end - 1), sizeof copy);
	if (n != -ENOSYS && n != -EPERM) {
		ck_assert_int_eq(n, sizeof copy);
		ck_assert_uint_eq(copy, 7);
		ck_assert_int_eq(da_sys_copy(getpid(), &copy, (uintptr_t)end, 1), -EFAULT);
	}
	munmap(p, 2 * size);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("preload");
	TCase *t = tcase_create("preload");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, environment_loses_our_variables_and_our_preload_only);
	tcase_add_test(t, preload_with_nothing_else_in_it_goes);
	tcase_add_test(t, preload_entry_that_only_begins_like_ours_stays);
	tcase_add_test(t, quantities_have_units_and_bounds);
	tcase_add_test(t, boot_heap_aligns_zeroes_and_ends_without_harm);
	tcase_add_test(t, stacks_are_found_by_hash_while_the_table_grows);
	tcase_add_test(t, link_map_finds_what_the_dynamic_linker_finds);
	tcase_add_test(t, a_zombie_does_not_exist);
	tcase_add_test(t, raw_system_calls_agree_with_the_libc);
	tcase_add_test(t, memory_that_may_go_away_is_read_without_faults);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
