/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L10: allocations on the smallest stacks there can be. l10 TRUTH */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "truth.h"

#define THREADS 50
#define BLOCKS 20
#define PAGE 65536 /* of any CPU */
#define PAINTED (4 * PAGE)

enum { SMALL, HANDLER, SITES };
static struct truth_site sites[SITES] = {{.name = "on_small_stack"}, {.name = "in_handler"}};
static void *volatile got;

static NOINLINE void *on_small_stack(void)
{
	void *p = malloc(55);

	KEEP(p);
	return p;
}

static NOINLINE void *in_handler(void)
{
	void *p = malloc(66);

	KEEP(p);
	return p;
}

static void *live(void *arg)
{
	for (int i = 0; i < BLOCKS; i++)
		free(on_small_stack());
	return arg;
}

static void on_signal(int sig)
{
	(void)sig;
	got = in_handler();
	free(got);
}

/* A stack with nothing below it: what grows past it dies. */
static void *guarded_stack(size_t size)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE))
		_exit(4);
	return size <= PAGE ? p + PAGE : NULL;
}

static size_t least_signal_stack(void)
{
	/* the kernel's word: the registers of today's CPUs do not fit MINSIGSTKSZ */
	size_t n = getauxval(51 /* AT_MINSIGSTKSZ */);

	return n > MINSIGSTKSZ ? n : MINSIGSTKSZ;
}

/* Bytes of stack that the first calls of a thread need: by the paint that is gone below them. */
static void *live_painted(void *arg)
{
	unsigned char *stack = arg, *here = __builtin_frame_address(0);
	size_t n = 0;

	memset(stack, 0xa5, (size_t)(here - stack) - 256);
	free(on_small_stack());
	while (stack[n] == 0xa5)
		n++;
	return (void *)((size_t)(here - stack) - n);
}

static size_t stack_used(void)
{
	void *stack = mmap(NULL, PAINTED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t t;
	void *used;

	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, stack, PAINTED) || pthread_create(&t, &attr, live_painted, stack))
		_exit(6);
	pthread_join(t, &used);
	truth_alloc(&sites[SMALL], 55);
	truth_free(&sites[SMALL], 55);
	return (size_t)used;
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_size = least_signal_stack()};
	pthread_attr_t attr;

	(void)argc;
	truth_open(argv[1]);
	pthread_attr_init(&attr);
	printf("smallest stack: %d\n", pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN));
	for (int i = 0; i < THREADS; i++) {
		pthread_t t;

		if (pthread_create(&t, &attr, live, NULL))
			_exit(3);
		pthread_join(t, NULL);
		for (int k = 0; k < BLOCKS; k++) {
			truth_alloc(&sites[SMALL], 55);
			truth_free(&sites[SMALL], 55);
		}
	}
	truth_line("stack_used %zu\n", stack_used());
	stack.ss_sp = guarded_stack(stack.ss_size);
	printf("sigaltstack: %d\n", sigaltstack(&stack, NULL));
	sigaction(SIGUSR1, &sa, NULL);
	for (int i = 0; i < 10; i++) {
		raise(SIGUSR1);
		truth_alloc(&sites[HANDLER], 66);
		truth_free(&sites[HANDLER], 66);
	}
	printf("the handler had blocks: %d\n", got != NULL);
	truth_sites(sites, SITES);
	return 0;
}
