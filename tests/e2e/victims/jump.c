/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leaves allocation calls by siglongjmp() from a timer's handler, argv[1] times, then allocates
 * MARKERS blocks. Linked with ring.c, in which being left in the middle breaks nothing.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define MARKERS 1000
#define MARKER_SIZE 4321

static sigjmp_buf out;
static volatile sig_atomic_t jumps;

static void jump(int sig)
{
	(void)sig;
	jumps++;
	siglongjmp(out, 1);
}

/* Once: between the last jump and the end of the timer no other may come. */
static void set_timer(long us)
{
	struct itimerval t = { { 0, 0 }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

int main(int argc, char **argv)
{
	int want = argc > 1 ? atoi(argv[1]) : 1000;

	signal(SIGALRM, jump);
	sigsetjmp(out, 1);
	if (jumps < want) {
		set_timer(200);
		for (;;)
			free(malloc(40));
	}
	set_timer(0);
	for (int i = 0; i < MARKERS; i++) {
		void *volatile p = malloc(MARKER_SIZE);

		(void)p;
	}
	printf("%d\n", (int)jumps);
	return 0;
}
