/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T02: a child that allocates, and ends by exit or _exit. t02 TRUTH exit|_exit CHILD-TRUTH */
#include <string.h>
#include <sys/wait.h>

#include "truth.h"

enum { PARENT, SHARED, CHILD, SITES };
static struct truth_site sites[SITES] = {
	{.name = "in_parent"}, {.name = "before_fork"}, {.name = "in_child"}};

#define SITE(function, id)                       \
	static NOINLINE void *function(size_t n) \
	{                                        \
		void *p = malloc(n);             \
		KEEP(p);                         \
		truth_alloc(&sites[id], n);      \
		return p;                        \
	}
SITE(in_parent, PARENT)
SITE(before_fork, SHARED)
SITE(in_child, CHILD)

static void *shared[100];

static void run_child(const char *how, const char *path)
{
	struct truth_site mine = {.name = "in_child"};

	/* the parent's blocks, as the child gives them back, are the parent's business */
	for (int i = 0; i < 50; i++)
		free(shared[i]);
	for (int i = 0; i < 1000; i++) {
		void *p = in_child(200 + (size_t)i);

		truth_alloc(&mine, 200 + (count)i);
		if (i % 3) {
			free(p);
			truth_free(&mine, 200 + (count)i);
		}
	}
	close(truth_fd);
	truth_open(path);
	truth_sites(&mine, 1);
	if (!strcmp(how, "exit"))
		exit(7);
	_exit(7);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	(void)argc;
	truth_open(argv[1]);
	for (int i = 0; i < 100; i++)
		shared[i] = before_fork(300);
	pid = fork();
	if (!pid)
		run_child(argv[2], argv[3]);
	for (int i = 0; i < 500; i++) {
		free(in_parent(90));
		truth_free(&sites[PARENT], 90);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
		return 1;
	for (int i = 0; i < 60; i++) {
		free(shared[i]);
		truth_free(&sites[SHARED], 300);
	}
	sites[CHILD].name = NULL;
	truth_sites(sites, SITES);
	return 0;
}
