/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T11: one marked allocation, then the end, in each way there is. t11 WAY */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "truth.h"

#define MARKER 31337

extern char **environ;

static NOINLINE void *mark(void)
{
	void *p = malloc(MARKER);

	KEEP(p);
	return p;
}

static NOINLINE int overflow(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	KEEP(room);
	return overflow(n + 1) + room[0];
}

static void end_by_exec(void)
{
	static char *argv[] = {"/bin/true", NULL};

	KEEP(mark());
	execve(argv[0], argv, environ);
	_exit(96);
}

static void end_by_signal(const char *way)
{
	struct rlimit no_core = {0, 0}, small_stack = {1 << 20, 1 << 20};

	setrlimit(RLIMIT_CORE, &no_core);
	if (!strcmp(way, "overflow"))
		setrlimit(RLIMIT_STACK, &small_stack);
	KEEP(mark());
	if (!strcmp(way, "abort"))
		abort();
	if (!strcmp(way, "sigkill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(way, "sigsegv"))
		*(volatile int *)8 = 1;
	if (!strcmp(way, "overflow"))
		overflow(0);
	if (!strcmp(way, "killed")) {
		if (write(1, "now\n", 4) == 4)
			pause();
	}
}

static void end_by_exit(const char *way)
{
	KEEP(mark());
	if (!strcmp(way, "exit"))
		exit(3);
	if (!strcmp(way, "_exit"))
		_exit(3);
	if (!strcmp(way, "_Exit"))
		_Exit(3);
	if (!strcmp(way, "quick_exit"))
		quick_exit(3);
	if (!strcmp(way, "pthread_exit"))
		pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "return";

	for (int i = 0; i < 10; i++)
		KEEP(malloc(10));
	if (!strcmp(way, "return")) {
		KEEP(mark());
		return 3;
	}
	if (!strcmp(way, "execve"))
		end_by_exec();
	else if (strstr(way, "exit") || strstr(way, "Exit"))
		end_by_exit(way);
	else
		end_by_signal(way);
	return 95;
}
