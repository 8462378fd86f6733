/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T03: one thread forks FORKS times while eight others allocate; each child allocates, too, and ends
 * with status 0. t03 TRUTH FORKS
 */
#include <pthread.h>
#include <sys/wait.h>

#include "truth.h"

#define THREADS 8
#define CHILD_BLOCKS 20

enum { CHURN, FORKER, SITES };
static struct truth_site sites[SITES] = {{.name = "in_churn"}, {.name = "in_forker"}};
static count churned[THREADS];
static volatile int stop;

static NOINLINE void *in_churn(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static NOINLINE void *in_forker(size_t n)
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

static void *churn(void *mine)
{
	count *n = mine;

	while (!stop) {
		free(in_churn(48));
		++*n;
		if (*n % 64 == 0)
			usleep(500); /* the forker must get its turn */
	}
	return NULL;
}

static void live_child(void)
{
	void *p[CHILD_BLOCKS];

	for (size_t i = 0; i < CHILD_BLOCKS; i++)
		p[i] = in_child(64 + i);
	for (size_t i = 0; i < CHILD_BLOCKS; i++)
		free(p[i]);
	_exit(0);
}

int main(int argc, char **argv)
{
	int forks = argc > 2 ? atoi(argv[2]) : 100, good = 0;
	pthread_t threads[THREADS];

	truth_open(argv[1]);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, &churned[i]))
			return 1;
	for (int i = 0; i < forks; i++) {
		int status = -1;
		pid_t pid = fork();

		if (!pid)
			live_child();
		free(in_forker(96));
		truth_alloc(&sites[FORKER], 96);
		truth_free(&sites[FORKER], 96);
		good += pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		for (count k = 0; k < churned[i]; k++) {
			truth_alloc(&sites[CHURN], 48);
			truth_free(&sites[CHURN], 48);
		}
	}
	printf("%d of %d children ended with 0\n", good, forks);
	truth_sites(sites, SITES);
	return 0;
}
