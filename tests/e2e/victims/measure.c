/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure PROG ARG...: runs it from a process that is itself small, and adds a line to standard
 * error: its status (128+signal) and its largest resident memory, with its children's, in KiB.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid = argc > 1 ? fork() : -1;

	if (pid < 0)
		return 99;
	if (!pid) {
		execv(argv[1], argv + 1);
		_exit(98);
	}
	wait4(pid, &status, 0, &usage);
	fflush(stdout);
	dprintf(2, "\nmeasured %d %ld\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
		usage.ru_maxrss);
	return 0;
}
