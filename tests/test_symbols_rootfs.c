/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row H10 of the acceptance list: nothing in a rootfs opens a file outside it, and nothing hangs. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "symbols/rootfs.h"

static char base[PATH_MAX];
static char root[PATH_MAX + 8];

static const char *in(const char *dir, const char *name)
{
	static char path[4][2 * PATH_MAX];
	static int at;

	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", dir, name);
	return path[at];
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void link_to(const char *target, const char *name)
{
	ck_assert_int_eq(symlink(target, in(root, name)), 0);
}

static void make_socket(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", in(root, name));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void make_chain(int n)
{
	char from[32], to[32];

	put(in(root, "chain0"), "inside");
	for (int i = 1; i <= n; i++) {
		snprintf(from, sizeof(from), "chain%d", i);
		snprintf(to, sizeof(to), "chain%d", i - 1);
		link_to(to, from);
	}
}

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base, sizeof(base), "%s/symbols-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(root, sizeof(root), "%s/root", base);
	put(in(base, "secret"), "outside");
	mkdir(root, 0755);
	mkdir(in(root, "etc"), 0755);
	mkdir(in(root, "usr"), 0755);
	mkdir(in(root, "usr/lib"), 0755);
	put(in(root, "etc/hostname"), "inside");
	put(in(root, "usr/lib/libfoo.so.1"), "inside");
	put(in(root, "secret"), "inside");
	link_to("usr/lib", "lib");
	link_to("libfoo.so.1", "usr/lib/libfoo.so");
	link_to("/etc/hostname", "absolute");
	link_to("../../../../../../etc/hostname", "up");
	link_to("../secret", "escape");
	link_to(in(base, "secret"), "host");
	link_to("loop2", "loop1");
	link_to("loop1", "loop2");
	link_to("../loop1/x", "usr/loop");
	link_to("/proc/self/exe", "magic");
	link_to("/proc/self/root", "rootlink");
	mkfifo(in(root, "fifo"), 0644);
	make_socket("socket");
	make_chain(41);
}

static void teardown(void)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	ck_assert_int_eq(system(command), 0);
}

/* The content of @path in the jail, or the error text. */
static const char *content(const char *path, int walk)
{
	static char text[DA_ERR_TEXT];
	struct da_rootfs r;
	struct da_err err;
	int fd;

	ck_assert(da_rootfs_open(&r, root, walk != 0, &err));
	if (da_rootfs_open_file(&r, path, &fd, &err)) {
		ck_assert_int_gt(fd, 2);
		ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
		ssize_t n = read(fd, text, sizeof(text) - 1);
		text[n < 0 ? 0 : n] = '\0';
		close(fd);
	} else {
		ck_assert_int_eq(fd, -1);
		memcpy(text, err.text, sizeof(text));
	}
	da_rootfs_close(&r);
	return text;
}

#define opens(path) ck_assert_str_eq(content((path), _i), "inside")
#define refuses(path, why) ck_assert_ptr_nonnull(strstr(content((path), _i), (why)))

START_TEST(plain_paths_open_inside)
{
	opens("/etc/hostname");
	opens("etc/hostname");
	opens("//etc/./hostname");
	opens("/usr/lib/../../etc/hostname");
	opens("/lib/libfoo.so");
}
END_TEST

START_TEST(dot_dot_stops_at_the_root)
{
	opens("/../../../../etc/hostname");
	opens("/../secret");
}
END_TEST

START_TEST(links_stay_inside)
{
	opens("/absolute");
	opens("/up");
	opens("/escape");
	refuses("/host", "no such file");
}
END_TEST

START_TEST(link_loops_end)
{
	refuses("/loop1", "too many symbolic links");
	refuses("/usr/loop", "too many symbolic links");
	refuses("/loop1/../etc/hostname", "too many symbolic links");
}
END_TEST

START_TEST(forty_links_are_followed_and_no_more)
{
	opens("/chain40");
	refuses("/chain41", "too many symbolic links");
}
END_TEST

START_TEST(proc_magic_leads_nowhere)
{
	refuses("/magic", "cannot open");
	refuses("/rootlink/etc/hostname", "cannot open");
}
END_TEST

START_TEST(only_regular_files_open)
{
	refuses("/fifo", "is a FIFO");
	refuses("/socket", "is a socket");
	refuses("/usr", "is a directory");
	refuses("/", "is a directory");
	refuses("", "cannot open");
	refuses("/etc/hostname/x", "not a directory");
}
END_TEST

START_TEST(devices_do_not_open)
{
	if (mknod(in(root, "device"), S_IFCHR | 0644, makedev(1, 5)) == 0)
		refuses("/device", "is a device");
}
END_TEST

START_TEST(huge_files_do_not_open)
{
	int fd = open(in(root, "huge"), O_WRONLY | O_CREAT, 0644);

	if (ftruncate(fd, (off_t)1 << 40) == 0)
		refuses("/huge", "larger than 2 GiB");
	else
		ck_assert_int_eq(ftruncate(fd, ((off_t)2 << 30) + 1), 0);
	close(fd);
	refuses("/huge", "larger than 2 GiB");
}
END_TEST

START_TEST(long_paths_are_refused)
{
	char path[3 * PATH_MAX] = "";

	for (size_t n = 0; n + 3 < sizeof(path); n += 2)
		strcpy(path + n, "/x");
	refuses(path, "cannot open");
	memset(path, 'y', 300);
	path[300] = '\0';
	refuses(path, "cannot open");
}
END_TEST

START_TEST(host_root_obeys_the_same_rules)
{
	struct da_rootfs r;
	struct da_err err;
	int fd;

	ck_assert(da_rootfs_open(&r, NULL, _i != 0, &err));
	ck_assert(da_rootfs_open_file(&r, in(root, "etc/hostname"), &fd, &err));
	close(fd);
	ck_assert(!da_rootfs_open_file(&r, in(root, "fifo"), &fd, &err));
	ck_assert(!da_rootfs_open_file(&r, "/proc/self/exe", &fd, &err));
	ck_assert(!da_rootfs_open_file(&r, "/dev/null", &fd, &err));
	da_rootfs_close(&r);
}
END_TEST

START_TEST(a_rootfs_that_is_no_directory_is_an_error)
{
	struct da_rootfs r;
	struct da_err err;

	ck_assert(!da_rootfs_open(&r, in(base, "nothing"), false, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "no such file"));
	ck_assert(!da_rootfs_open(&r, in(base, "secret"), false, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not a directory"));
	da_rootfs_close(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols/rootfs");
	TCase *both = tcase_create("openat2 and walk");

	tcase_add_checked_fixture(both, setup, teardown);
	tcase_add_loop_test(both, plain_paths_open_inside, 0, 2);
	tcase_add_loop_test(both, dot_dot_stops_at_the_root, 0, 2);
	tcase_add_loop_test(both, links_stay_inside, 0, 2);
	tcase_add_loop_test(both, link_loops_end, 0, 2);
	tcase_add_loop_test(both, forty_links_are_followed_and_no_more, 0, 2);
	tcase_add_loop_test(both, proc_magic_leads_nowhere, 0, 2);
	tcase_add_loop_test(both, only_regular_files_open, 0, 2);
	tcase_add_loop_test(both, devices_do_not_open, 0, 2);
	tcase_add_loop_test(both, huge_files_do_not_open, 0, 2);
	tcase_add_loop_test(both, long_paths_are_refused, 0, 2);
	tcase_add_loop_test(both, host_root_obeys_the_same_rules, 0, 2);
	tcase_add_test(both, a_rootfs_that_is_no_directory_is_an_error);
	suite_add_tcase(suite, both);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
