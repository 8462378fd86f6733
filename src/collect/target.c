/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ds/mem.h"

#define PRELOAD "LD_PRELOAD="
#define OURS "DUMPALLOC_"
/* Inherited descriptors stand from here on, out of the way of what programs count on. */
#define HIGH_FD 1000
#define HIGH_ROOM 16

extern char **environ;

/* The lowest number to use for inherited descriptors. */
static int high_fd(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= HIGH_FD + HIGH_ROOM)
		return HIGH_FD;
	return limit.rlim_cur > 2 * HIGH_ROOM ? (int)limit.rlim_cur - HIGH_ROOM : 3;
}

/* "LD_PRELOAD=theirs:ours" */
static char *preload_entry(const char *theirs, const char *ours)
{
	size_t size = strlen(PRELOAD) + (theirs ? strlen(theirs) : 0) + strlen(ours) + 2;
	char *entry = da_xmalloc(size);

	snprintf(entry, size, PRELOAD "%s%s%s", theirs ? theirs : "", theirs && *theirs ? ":" : "",
		 ours);
	return entry;
}

/* A copy of the environment for the program; never freed, the child executes or ends. */
static char **make_environment(const char *shim, const char *pool)
{
	size_t n = 0, out = 0;
	bool preloaded = false;
	char **env;

	while (environ[n])
		n++;
	env = da_xcalloc(n + 3, sizeof *env);
	for (size_t i = 0; i < n; i++) {
		if (!strncmp(environ[i], OURS, strlen(OURS)))
			continue;
		env[out++] = environ[i];
		if (!shim || preloaded || strncmp(environ[i], PRELOAD, strlen(PRELOAD)))
			continue;
		env[out - 1] = preload_entry(environ[i] + strlen(PRELOAD), shim);
		preloaded = true;
	}
	if (shim && !preloaded)
		env[out++] = preload_entry(NULL, shim);
	if (pool)
		env[out++] = da_xstrdup(pool);
	return env;
}

/* Duplicate @fd to a high number that survives the exec. */
static int inherit(int fd)
{
	int high = fcntl(fd, F_DUPFD, high_fd());

	return high >= 0 ? high : fcntl(fd, F_DUPFD, 3);
}

static char **child_environment(const struct da_target_plan *plan)
{
	char shim[4200], pool[64];
	int pool_fd, shim_fd = -1;

	if (!plan->shared)
		return make_environment(NULL, NULL);
	pool_fd = inherit(plan->shared->fd);
	snprintf(shim, sizeof shim, "%s", plan->shim->path);
	if (plan->shim->fd >= 0) {
		shim_fd = inherit(plan->shim->fd);
		snprintf(shim, sizeof shim, "/proc/self/fd/%d", shim_fd);
	}
	snprintf(pool, sizeof pool, "DUMPALLOC_POOL=%d,%d", pool_fd, shim_fd);
	return make_environment(shim, pool);
}

/* What execvp() does with a file that the kernel does not recognise: it is a shell script. */
static void exec_by_shell(const struct da_target_plan *plan, char **env)
{
	size_t n = 0;
	char **argv;

	while (plan->argv[n])
		n++;
	argv = da_xcalloc(n + 2, sizeof *argv);
	argv[0] = plan->argv[0];
	argv[1] = (char *)plan->path;
	for (size_t i = 1; i < n; i++)
		argv[i + 1] = plan->argv[i];
	execve("/bin/sh", argv, env);
}

static void run_child(const struct da_target_plan *plan, const sigset_t *mask, int gate, int report)
{
	char **env;
	char go;
	int e;

	if (read(gate, &go, 1) != 1)
		_exit(125);
	if (plan->stdout_fd >= 0)
		dup2(plan->stdout_fd, STDOUT_FILENO);
	env = child_environment(plan);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execve(plan->path, plan->argv, env);
	if (errno == ENOEXEC && plan->may_be_script)
		exec_by_shell(plan, env);
	e = errno;
	if (write(report, &e, sizeof e) != (ssize_t)sizeof e)
		_exit(125);
	_exit(e == ENOENT ? 127 : 126);
}

bool da_target_prepare(const struct da_target_plan *plan, const void *mask, struct da_target *out,
		       struct da_err *err)
{
	int gate[2], report[2];
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC))
		return da_err_set(err, "cannot make a pipe: %s", strerror(errno));
	if (pipe2(report, O_CLOEXEC)) {
		close(gate[0]), close(gate[1]);
		return da_err_set(err, "cannot make a pipe: %s", strerror(errno));
	}
	pid = fork();
	if (pid == 0) {
		close(gate[1]);
		run_child(plan, mask, gate[0], report[1]);
	}
	close(gate[0]);
	close(report[1]);
	*out = (struct da_target){ .pid = pid, .gate = gate[1], .report = report[0] };
	if (pid > 0)
		return true;
	close(gate[1]);
	close(report[0]);
	return da_err_set(err, "cannot start a process: %s", strerror(errno));
}

static void reap(const struct da_target *t)
{
	while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int da_target_go(struct da_target *t)
{
	ssize_t n;
	int e = 0;

	if (write(t->gate, "", 1) != 1)
		e = EPIPE;
	close(t->gate);
	do
		n = read(t->report, &e, sizeof e);
	while (n < 0 && errno == EINTR);
	close(t->report);
	if (n != (ssize_t)sizeof e)
		return 0;
	reap(t);
	return e;
}

void da_target_cancel(struct da_target *t)
{
	close(t->gate);
	close(t->report);
	reap(t);
}
