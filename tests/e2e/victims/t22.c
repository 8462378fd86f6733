/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T22: what a program sees of its family: children to wait for, SIGCHLDs, a parent that lives. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 5

static volatile sig_atomic_t told;

static void on_child(int sig)
{
	(void)sig;
	told++;
}

int main(void)
{
	struct sigaction sa = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	int status, waited = 0, sum = 0;

	printf("children at the start: %d, %s\n", (int)waitpid(-1, &status, WNOHANG),
	       errno == ECHILD ? "none" : "some");
	sigaction(SIGCHLD, &sa, NULL);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (!pid) {
			free(malloc(100));
			_exit(i);
		}
		while (told <= i) /* one at a time: signals do not queue */
			usleep(1000);
	}
	while (wait(&status) > 0) {
		waited++;
		sum += WEXITSTATUS(status);
	}
	printf("waited for %d, sum %d, until %s; told %d times\n", waited, sum,
	       errno == ECHILD ? "none was left" : "an error", (int)told);
	printf("parent: %s\n", getppid() > 1 && kill(getppid(), 0) == 0 ? "lives" : "none");
	return 0;
}
