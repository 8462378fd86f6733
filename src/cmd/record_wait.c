/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/record_wait.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collect/proc.h"

#define WATCH_NS 50000000L
#define SETTLE_NS 5000000L

/* Passed on when a process sent them to us alone. */
static const int passed[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 };
/* The terminal stops the whole group; we stop when we have seen the program stop. */
static const int job_control[] = { SIGTSTP, SIGTTIN, SIGTTOU };
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static volatile sig_atomic_t child_news;
static volatile sig_atomic_t sent[COUNT(passed)];
static uint32_t *wake_word;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig == SIGCHLD)
		child_news = 1;
	for (size_t i = 0; i < COUNT(passed); i++) {
		/* > 0: from the kernel, for the terminal's foreground group: the program has it */
		if (passed[i] == sig && info->si_code <= 0)
			sent[i] = 1;
	}
	if (wake_word)
		__atomic_add_fetch(wake_word, 1, __ATOMIC_RELEASE);
}

static void fill_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGPIPE);
	for (size_t i = 0; i < COUNT(passed); i++)
		sigaddset(set, passed[i]);
	for (size_t i = 0; i < COUNT(job_control); i++)
		sigaddset(set, job_control[i]);
}

void da_wait_init(struct da_wait *w)
{
	sigset_t set;

	memset(w, 0, sizeof *w);
	fill_set(&set);
	sigprocmask(SIG_BLOCK, &set, &w->mask);
}

static void ignore(int sig)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(sig, &sa, NULL);
}

void da_wait_start(struct da_wait *w, pid_t pid, uint32_t *wake)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigset_t set;

	w->pid = pid;
	wake_word = wake;
	fill_set(&sa.sa_mask);
	sigaction(SIGCHLD, &sa, NULL);
	for (size_t i = 0; i < COUNT(passed); i++)
		sigaction(passed[i], &sa, NULL);
	for (size_t i = 0; i < COUNT(job_control); i++)
		ignore(job_control[i]);
	ignore(SIGPIPE);
	fill_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void nap(long ns)
{
	struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

static bool is_stopped(pid_t pid)
{
	struct da_proc_stat st;

	return da_proc_stat((uint32_t)pid, &st) && st.state == 'T';
}

/*
 * While we are stopped, the program may be continued alone, and would wait for us once its buffer
 * is full. A helper process continues us in that case.
 */
static pid_t start_watcher(pid_t program)
{
	pid_t us = getpid(), watcher = fork();

	if (watcher)
		return watcher;
	for (;;) {
		nap(WATCH_NS);
		if (getppid() != us)
			_exit(0);
		if (!is_stopped(program))
			kill(us, SIGCONT);
	}
}

static void stop_too(struct da_wait *w, int sig)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	pid_t watcher = start_watcher(w->pid);

	if (sig != SIGSTOP)
		sigaction(sig, &dfl, NULL);
	raise(sig);
	if (sig != SIGSTOP)
		ignore(sig);
	if (watcher > 0) {
		kill(watcher, SIGKILL);
		while (waitpid(watcher, NULL, 0) < 0 && errno == EINTR)
			;
	}
	/* a shell continues the whole group; one who continued us alone means the program */
	nap(SETTLE_NS);
	if (is_stopped(w->pid))
		kill(w->pid, SIGCONT);
}

static void pass_on(struct da_wait *w)
{
	for (size_t i = 0; i < COUNT(passed); i++) {
		if (!sent[i])
			continue;
		sent[i] = 0;
		if (!w->ended)
			kill(w->pid, passed[i]);
	}
}

void da_wait_poll(struct da_wait *w, da_wait_orphan_fn orphan, void *ctx)
{
	int status;
	pid_t pid;

	pass_on(w);
	if (!child_news)
		return;
	child_news = 0;
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (WIFSTOPPED(status)) {
			if (pid == w->pid)
				stop_too(w, WSTOPSIG(status));
		} else if (pid == w->pid) {
			w->ended = true;
			w->status = status;
		} else {
			orphan(ctx, pid, status);
		}
	}
}

void da_wait_sleep(struct da_wait *w)
{
	struct timespec second = { .tv_sec = 1 };
	sigset_t set, old;

	(void)w;
	fill_set(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	if (!child_news)
		ppoll(NULL, 0, &second, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

int da_wait_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
