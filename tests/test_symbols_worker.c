/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ds/mem.h"
#include "symbols/seccomp.h"
#include "symbols/worker.h"

static struct da_worker_result run(void (*f)(void *, int), void *arg, unsigned int seconds)
{
	struct da_worker_job job = {.run = f, .arg = arg, .wall_seconds = seconds};
	struct da_worker_result result;
	struct da_err err;

	ck_assert_msg(da_worker_run(&job, &result, &err), "%s", err.text);
	return result;
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		_exit(9);
}

static void answer_arg(void *arg, int fd)
{
	say(fd, arg);
}

START_TEST(answer_arrives_whole)
{
	struct da_worker_result r = run(answer_arg, "hello", 0);

	ck_assert(r.complete);
	ck_assert_str_eq(r.reason, "");
	ck_assert_uint_eq(r.n_answer, 5);
	ck_assert_mem_eq(r.answer, "hello", 5);
	free(r.answer);
}
END_TEST

static void answer_megabytes(void *arg, int fd)
{
	static char block[1 << 16];

	(void)arg;
	for (int i = 0; i < 1000; i++)
		if (write(fd, block, sizeof(block)) < 0)
			_exit(9);
}

START_TEST(large_answer_arrives_whole)
{
	struct da_worker_result r = run(answer_megabytes, NULL, 0);

	ck_assert(r.complete);
	ck_assert_uint_eq(r.n_answer, 1000UL << 16);
	free(r.answer);
}
END_TEST

static void crash(void *arg, int fd)
{
	say(fd, "before");
	raise(*(int *)arg);
	/* raise() needs system calls a worker does not have. */
	__builtin_trap();
}

START_TEST(dead_worker_leaves_its_answer_and_a_reason)
{
	int number = SIGSEGV;
	struct da_worker_result r = run(crash, &number, 0);

	ck_assert(!r.complete);
	ck_assert_uint_eq(r.n_answer, 6);
	ck_assert_ptr_nonnull(strstr(r.reason, "the worker was killed by signal"));
	free(r.answer);
}
END_TEST

static void eat_memory(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	for (;;) {
		volatile char *p = da_xmalloc(1 << 20);
		p[0] = 1;
	}
}

START_TEST(memory_is_limited)
{
	struct da_worker_result r = run(eat_memory, NULL, 0);

	ck_assert(!r.complete);
#ifndef __SANITIZE_ADDRESS__
	/* A sanitizer ends the process in its own way. */
	ck_assert_ptr_nonnull(strstr(r.reason, "ran out of memory"));
#endif
	free(r.answer);
}
END_TEST

static void sleep_forever(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	for (volatile int i = 0;; i++)
		;
}

START_TEST(time_is_limited)
{
	struct da_worker_result r = run(sleep_forever, NULL, 1);

	ck_assert(!r.complete);
	ck_assert_str_eq(r.reason, "the worker took longer than 1 s");
	free(r.answer);
}
END_TEST

static void answer_without_end(void *arg, int fd)
{
	for (;;)
		answer_megabytes(arg, fd);
}

START_TEST(answer_is_limited)
{
	struct da_worker_result r = run(answer_without_end, NULL, 0);

	ck_assert(!r.complete);
	ck_assert_str_eq(r.reason, "the worker answered too much");
	free(r.answer);
}
END_TEST

static void report(int fd, const char *what, long result)
{
	say(fd, result < 0 ? "" : what);
}

/* Names what worked and should not have. */
static void try_everything(void *arg, int fd)
{
	long secret = *(int *)arg;
	char byte;

	report(fd, "read of another descriptor;", read((int)secret, &byte, 1));
	report(fd, "standard input;", read(0, &byte, 1));
	report(fd, "open;", open("/etc/hostname", O_RDONLY));
	report(fd, "create;", open("/tmp/symbols-worker-was-here", O_CREAT | O_WRONLY, 0600));
	report(fd, "dup;", fcntl(fd, F_DUPFD, 3));
	if (getenv("DEBUGINFOD_URLS"))
		say(fd, "environment;");
}

START_TEST(worker_has_only_what_it_was_given)
{
	int secret = open("/dev/zero", O_RDONLY);

	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9/", 1);
	struct da_worker_result r = run(try_everything, &secret, 0);
	unsetenv("DEBUGINFOD_URLS");
	close(secret);
	ck_assert(r.complete);
	ck_assert_msg(r.n_answer == 0, "%.*s", (int)r.n_answer, (char *)r.answer);
	free(r.answer);
}
END_TEST

static void try_filtered(void *arg, int fd)
{
	(void)arg;
	/* Again, to learn whether this machine has filters at all. */
	if (!da_seccomp_install() && errno != EPERM)
		return;
	report(fd, "socket;", socket(AF_INET, SOCK_STREAM, 0));
	report(fd, "kill;", syscall(SYS_kill, getppid(), 0));
	report(fd, "fork;", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	report(fd, "unlink;", unlink("/tmp/symbols-worker-nothing"));
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	report(fd, "executable memory;", p == MAP_FAILED ? -1 : 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		say(fd, "no memory;");
}

START_TEST(filter_leaves_memory_and_little_else)
{
	struct da_worker_result r = run(try_filtered, NULL, 0);

	ck_assert(r.complete);
	ck_assert_msg(r.n_answer == 0, "%.*s", (int)r.n_answer, (char *)r.answer);
	free(r.answer);
}
END_TEST

static void read_given(void *arg, int fd)
{
	char text[8];
	ssize_t n = read(*(int *)arg, text, sizeof(text));

	if (n > 0 && write(fd, text, (size_t)n) < 0)
		_exit(9);
}

START_TEST(given_descriptors_stay_open)
{
	int ends[2];
	struct da_err err;
	struct da_worker_result r;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "given", 5), 5);
	struct da_worker_job job = {.run = read_given, .arg = &ends[0], .fds = ends, .n_fds = 1};
	ck_assert(da_worker_run(&job, &r, &err));
	ck_assert(r.complete);
	ck_assert_uint_eq(r.n_answer, 5);
	close(ends[0]);
	close(ends[1]);
	free(r.answer);
}
END_TEST

static void handler(void)
{
	/* Must not run in a worker that calls exit(). */
	abort();
}

static void call_exit(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	exit(0);
}

START_TEST(exit_in_a_worker_runs_no_handler_of_the_parent)
{
	atexit(handler);
	struct da_worker_result r = run(call_exit, NULL, 0);

	ck_assert(!r.complete);
	ck_assert_ptr_nonnull(strstr(r.reason, "ran out of memory"));
	free(r.answer);
	_exit(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols/worker");
	TCase *t = tcase_create("worker");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, answer_arrives_whole);
	tcase_add_test(t, large_answer_arrives_whole);
	tcase_add_test(t, dead_worker_leaves_its_answer_and_a_reason);
	tcase_add_test(t, memory_is_limited);
	tcase_add_test(t, time_is_limited);
	tcase_add_test(t, answer_is_limited);
	tcase_add_test(t, worker_has_only_what_it_was_given);
	tcase_add_test(t, filter_leaves_memory_and_little_else);
	tcase_add_test(t, given_descriptors_stay_open);
	tcase_add_exit_test(t, exit_in_a_worker_runs_no_handler_of_the_parent, 0);
	suite_add_tcase(suite, t);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
