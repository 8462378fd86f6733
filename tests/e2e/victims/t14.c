/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T14: threads that are cancelled: one that only allocates (no cancellation point: it runs to its
 * end), one that computes and is cancelled at once. t14 TRUTH
 */
#include <pthread.h>

#include "truth.h"

#define BLOCKS 200000

static struct truth_site sites[1] = {{.name = "in_thread"}};
static volatile int started, cancelled, done;

static NOINLINE void *in_thread(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	return p;
}

static void *allocate(void *unused)
{
	started = 1;
	while (!cancelled)
		;
	for (size_t i = 0; i < BLOCKS; i++)
		free(in_thread(1 + i % 500));
	done = 1;
	pthread_testcancel();
	return unused;
}

static void *compute(void *unused)
{
	free(in_thread(9));
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	started = 1;
	for (;;)
		;
	return unused;
}

static const char *cancel(void *(*run)(void *))
{
	pthread_t t;
	void *result;

	started = cancelled = 0;
	if (pthread_create(&t, NULL, run, NULL))
		return "not created";
	while (!started)
		;
	pthread_cancel(t);
	cancelled = 1;
	pthread_join(t, &result);
	return result == PTHREAD_CANCELED ? "cancelled" : "not cancelled";
}

int main(int argc, char **argv)
{
	(void)argc;
	truth_open(argv[1]);
	printf("deferred: %s", cancel(allocate));
	printf(", to its end: %d\n", done);
	for (size_t i = 0; i < BLOCKS; i++) {
		truth_alloc(&sites[0], 1 + i % 500);
		truth_free(&sites[0], 1 + i % 500);
	}
	for (int i = 0; i < 20; i++) {
		printf("asynchronous: %s\n", cancel(compute));
		truth_alloc(&sites[0], 9);
		truth_free(&sites[0], 9);
	}
	truth_sites(sites, 1);
	return 0;
}
