/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ends handler: allocates until a timer's handler calls _exit(3).
 * ends vfork: a child of vfork ends by _exit(127), then 50,000 blocks are allocated and freed.
 * ends reuse FILE: closes all descriptors and opens FILE at each number that the shim might have
 * had; prints how many bytes FILE then has.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
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

static int reuse(const char *path)
{
	static const int numbers[] = { 1000, 200, 50 };
	int fd;

	for (int i = 3; i < 1100; i++)
		close(i);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i < 3; i++)
		dup2(fd, numbers[i]);
	for (int i = 0; i < 100000; i++)
		free(malloc(30));
	printf("%ld\n", (long)lseek(fd, 0, SEEK_END));
	return 0;
}

int main(int argc, char **argv)
{
	pid_t child;

	if (argc > 1 && !strcmp(argv[1], "handler"))
		until_handler();
	if (argc > 2 && !strcmp(argv[1], "reuse"))
		return reuse(argv[2]);
	child = vfork();
	if (!child)
		_exit(127);
	waitpid(child, NULL, 0);
	for (int i = 0; i < 50000; i++)
		free(malloc(20));
	kill(getpid(), SIGKILL);
	return 1;
}
