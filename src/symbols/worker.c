/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fmt.h"
#include "ds/vec.h"
#include "symbols/seccomp.h"

/* Exit status of a worker in which somebody called exit(): ds/ and libiberty without memory. */
#define STATUS_GAVE_UP 3

#define READ_BYTES 65536

/* ---- in the worker ---- */

static void set_limit(int which, uint64_t soft, uint64_t hard)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
	struct rlimit old;

	if (getrlimit((__rlimit_resource_t)which, &old) == 0 && old.rlim_max < hard)
		limit.rlim_max = old.rlim_max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	setrlimit((__rlimit_resource_t)which, &limit);
}

/* Mapped already: the fork has all of the parent's address space, which may be large. */
static uint64_t mapped_bytes(void)
{
	char text[64];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void close_range_of(unsigned int from, unsigned int to)
{
	if (from > to || syscall(SYS_close_range, from, to, 0) == 0)
		return;
	struct rlimit limit;
	unsigned int last = 65535;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= last)
		last = (unsigned int)limit.rlim_cur;
	for (unsigned int fd = from; fd <= to && fd <= last; fd++)
		close((int)fd);
}

/* The lowest kept descriptor that is not below @from; UINT32_MAX if there is none. */
static unsigned int next_kept(const struct da_worker_job *job, int out_fd, unsigned int from)
{
	unsigned int best = (unsigned int)out_fd >= from ? (unsigned int)out_fd : UINT32_MAX;

	for (size_t i = 0; i < job->n_fds; i++) {
		unsigned int fd = (unsigned int)job->fds[i];
		if (fd >= from && fd < best)
			best = fd;
	}
	return best;
}

static void close_others(const struct da_worker_job *job, int out_fd)
{
	unsigned int from = 0;

	for (;;) {
		unsigned int kept = next_kept(job, out_fd, from);
		if (kept == UINT32_MAX)
			break;
		if (kept > from)
			close_range_of(from, kept - 1);
		from = kept + 1;
	}
	close_range_of(from, UINT32_MAX);
}

static void default_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	/* The parent says goodbye by closing the pipe; a write must then end us quietly. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void give_up(void)
{
	_exit(STATUS_GAVE_UP);
}

static void confine(const struct da_worker_job *job, int out_fd)
{
	uint64_t memory = mapped_bytes() + DA_WORKER_MEMORY_BYTES;

	default_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_others(job, out_fd);
	set_limit(RLIMIT_AS, memory, memory);
	set_limit(RLIMIT_CPU, DA_WORKER_CPU_SECONDS, DA_WORKER_CPU_SECONDS + 1);
	set_limit(RLIMIT_FSIZE, 0, 0);
	set_limit(RLIMIT_CORE, 0, 0);
	set_limit(RLIMIT_NOFILE, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* A kernel without filters leaves the limits above, and nothing worse than those. */
	da_seccomp_install();
}

static void __attribute__((noreturn)) work(const struct da_worker_job *job, int out_fd)
{
	unsetenv("DEBUGINFOD_URLS");
	/*
	 * Registered last, runs first: whoever calls exit() in here runs no handler of the parent.
	 */
	if (atexit(give_up))
		_exit(STATUS_GAVE_UP);
	confine(job, out_fd);
	job->run(job->arg, out_fd);
	_exit(0);
}

/* ---- in the parent ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Add what the pipe has. False at its end. */
static bool take_bytes(int fd, struct da_worker_result *out, size_t *cap)
{
	out->answer = da_vec_reserve(out->answer, cap, out->n_answer + READ_BYTES, 1);
	ssize_t n = read(fd, out->answer + out->n_answer, READ_BYTES);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	out->n_answer += (size_t)n;
	return n > 0;
}

/* Read to the end. Sets the reason and returns false if the worker has to be killed. */
static bool collect(int fd, unsigned int seconds, struct da_worker_result *out)
{
	int64_t deadline = now_ms() + (int64_t)seconds * 1000;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t cap = 0;

	for (;;) {
		int64_t left = deadline - now_ms();
		if (left <= 0) {
			da_fmt(out->reason, sizeof(out->reason), "the worker took longer than %u s",
			       seconds);
			return false;
		}
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		if (!take_bytes(fd, out, &cap))
			return true;
		if (out->n_answer > DA_WORKER_ANSWER_BYTES) {
			da_fmt(out->reason, sizeof(out->reason), "the worker answered too much");
			return false;
		}
	}
}

static void judge(int status, struct da_worker_result *out)
{
	char *to = out->reason;
	size_t size = sizeof(out->reason);

	if (out->reason[0])
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		da_fmt(to, size, "the worker used more than %d s of CPU time",
		       DA_WORKER_CPU_SECONDS);
	else if (WIFSIGNALED(status))
		da_fmt(to, size, "the worker was killed by signal %d (%s)", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else if (!WIFEXITED(status))
		da_fmt(to, size, "the worker vanished");
	else if (WEXITSTATUS(status) == STATUS_GAVE_UP)
		da_fmt(to, size, "the worker ran out of memory (%d MiB)",
		       (int)(DA_WORKER_MEMORY_BYTES >> 20));
	else if (WEXITSTATUS(status) != 0)
		da_fmt(to, size, "the worker ended with status %d", WEXITSTATUS(status));
	else
		out->complete = true;
}

static void wait_for(pid_t pid, struct da_worker_result *out)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	judge(status, out);
}

/* Both ends above the standard descriptors, which the worker closes. */
static bool make_pipe(int ends[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC))
		return false;
	for (int i = 0; i < 2; i++) {
		ends[i] = low[i] > 2 ? low[i] : fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		if (low[i] <= 2)
			close(low[i]);
	}
	return ends[0] >= 0 && ends[1] >= 0;
}

bool da_worker_run(const struct da_worker_job *job, struct da_worker_result *out,
		   struct da_err *err)
{
	unsigned int seconds = job->wall_seconds ? job->wall_seconds : DA_WORKER_WALL_SECONDS;
	int ends[2];

	memset(out, 0, sizeof(*out));
	if (!make_pipe(ends))
		return da_err_set(err, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		work(job, ends[1]);
	int number = errno;
	close(ends[1]);
	if (pid > 0) {
		if (!collect(ends[0], seconds, out))
			kill(pid, SIGKILL);
		wait_for(pid, out);
	}
	close(ends[0]);
	if (pid < 0)
		return da_err_set(err, "cannot start a worker process: %s", strerror(number));
	return true;
}
