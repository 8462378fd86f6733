/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ends handler: allocates until a timer's handler calls _exit(3).
 * ends vfork: a child of vfork ends by _exit(127), then 50,000 blocks are allocated and freed.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int sig)
{
	(void)sig;
	_exit(3);
}

static void until_handler(void)
{
	struct itimerval t = { { 0, 0 }, { 1, 0 } };

	signal(SIGALRM, end);
	setitimer(ITIMER_REAL, &t, NULL);
	for (;;)
		free(malloc(40));
}

int main(int argc, char **argv)
{
	pid_t child;

	if (argc > 1 && !strcmp(argv[1], "handler"))
		until_handler();
	child = vfork();
	if (!child)
		_exit(127);
	waitpid(child, NULL, 0);
	for (int i = 0; i < 50000; i++)
		free(malloc(20));
	kill(getpid(), SIGKILL);
	return 1;
}
