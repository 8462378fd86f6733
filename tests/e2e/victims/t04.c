/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T04: the ways to start another program. t04 TRUTH */
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "truth.h"

#define TIMES 20

extern char **environ;
enum { BEFORE, VFORKED, SITES };
static struct truth_site sites[SITES] = {{.name = "before"}, {.name = "in_vfork_child"}};

static NOINLINE void *before(void)
{
	void *p = malloc(70);

	KEEP(p);
	truth_alloc(&sites[BEFORE], 70);
	return p;
}

/* Runs in the child that shares our memory: the block stays ours. */
static NOINLINE void *in_vfork_child(void)
{
	void *p = malloc(71);

	KEEP(p);
	truth_alloc(&sites[VFORKED], 71);
	return p;
}

static int vfork_and_exec(void)
{
	static char *argv[] = {"/bin/sh", "-c", "exit 11", NULL};
	int status = -1;
	pid_t pid = vfork();

	if (!pid) {
		KEEP(in_vfork_child());
		execve(argv[0], argv, environ);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int vfork_and_exit(void)
{
	int status = -1;
	pid_t pid = vfork();

	if (!pid) {
		KEEP(in_vfork_child());
		_exit(12);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int spawn(void)
{
	static char *argv[] = {"sh", "-c", "exit 13", NULL};
	int status = -1;
	pid_t pid;

	if (posix_spawnp(&pid, "sh", NULL, NULL, argv, environ))
		return -2;
	waitpid(pid, &status, 0);
	return status;
}

static void read_child(void)
{
	char line[100] = "";
	FILE *f = popen("echo from the child; env | grep -c -e LD_PRELOAD -e DUMPALLOC", "r");

	while (f && fgets(line, sizeof line, f))
		printf("popen: %s", line);
	printf("pclose: %d\n", f ? pclose(f) : -1);
}

int main(int argc, char **argv)
{
	(void)argc;
	truth_open(argv[1]);
	for (int i = 0; i < TIMES; i++) {
		KEEP(before());
		printf("%d %d", vfork_and_exec(), vfork_and_exit());
		printf(" %d %d\n", spawn(), system("exit 14"));
	}
	fflush(stdout);
	read_child();
	truth_sites(sites, SITES);
	return 0;
}
