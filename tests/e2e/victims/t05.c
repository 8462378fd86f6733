/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T05: children of clone(2), of which no libc tells: a copy, and one that shares the memory, and the
 * thread-local storage, with the thread that made it. t05 TRUTH copy|shared
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "truth.h"

#define STACK (256u << 10)
#define CHILDREN 200
#define BLOCKS 50

enum { PARENT, CHILD, SITES };
static struct truth_site sites[SITES] = {{.name = "in_parent"}, {.name = "in_child"}};

static NOINLINE void *in_parent(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static NOINLINE void *in_child(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static int live(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < BLOCKS; i++)
		free(in_child(70 + i));
	return 3;
}

/* As fork(), with no word to the libc. */
static pid_t copy(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);

	if (!pid)
		syscall(SYS_exit_group, live(NULL));
	return pid;
}

int main(int argc, char **argv)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int shared = argc > 2 && !strcmp(argv[2], "shared"), good = 0;

	truth_open(argv[1]);
	for (int i = 0; i < CHILDREN; i++) {
		int status = 0;
		pid_t pid = shared ? clone(live, stack + STACK, CLONE_VM | SIGCHLD, NULL) : copy();

		/* one at a time: the two share the libc's thread-local storage as well */
		good += pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3;
		free(in_parent(90));
		truth_alloc(&sites[PARENT], 90);
		truth_free(&sites[PARENT], 90);
		for (size_t k = 0; shared && k < BLOCKS; k++) {
			truth_alloc(&sites[CHILD], 70 + k);
			truth_free(&sites[CHILD], 70 + k);
		}
	}
	printf("%d children\n", good);
	if (!shared)
		sites[CHILD].name = NULL;
	truth_sites(sites, SITES);
	return 0;
}
