/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T12: a timer's handler allocates in the middle of an allocation storm. Linked with ring.c, whose
 * malloc may be called from handlers. t12 TRUTH TICKS
 */
#include <signal.h>
#include <sys/time.h>

#include "truth.h"

enum { STORM, HANDLER, SITES };
static struct truth_site sites[SITES] = {{.name = "in_storm"}, {.name = "in_handler"}};
static volatile sig_atomic_t ticks;

static NOINLINE void *in_storm(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static NOINLINE void *in_handler(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static void on_tick(int sig)
{
	(void)sig;
	free(in_handler(77));
	ticks++;
}

int main(int argc, char **argv)
{
	int want = argc > 2 ? atoi(argv[2]) : 1000;
	struct itimerval t = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
	struct sigaction sa = {.sa_handler = on_tick, .sa_flags = SA_RESTART};

	truth_open(argv[1]);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	while (ticks < want) {
		free(in_storm(40));
		truth_alloc(&sites[STORM], 40);
		truth_free(&sites[STORM], 40);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	for (int i = 0; i < ticks; i++) {
		truth_alloc(&sites[HANDLER], 77);
		truth_free(&sites[HANDLER], 77);
	}
	truth_sites(sites, SITES);
	return 0;
}
