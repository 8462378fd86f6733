/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T20: allocations on stacks that are not the thread's: coroutines (makecontext, where the libc has
 * it), a signal's alternate stack; and far down on the thread's own. t20 TRUTH
 */
#include <alloca.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <ucontext.h>
#endif

#include "truth.h"

#define STACK (256u << 10)
#define COROUTINES 4
#define ROUNDS 500
#define MOVED (1u << 20)

enum { COROUTINE, ALTERNATE, MOVED_DOWN, SITES };
static struct truth_site sites[SITES] = {
	{.name = "in_coroutine"}, {.name = "on_alternate_stack"}, {.name = "in_moved"}};

#define SITE(function, id)                       \
	static NOINLINE void *function(size_t n) \
	{                                        \
		void *p = malloc(n);             \
		KEEP(p);                         \
		truth_alloc(&sites[id], n);      \
		return p;                        \
	}
SITE(in_coroutine, COROUTINE)
SITE(on_alternate_stack, ALTERNATE)
SITE(in_moved, MOVED_DOWN)

static void release(void *p, int site, count n)
{
	free(p);
	truth_free(&sites[site], n);
}

#ifdef __GLIBC__
static ucontext_t caller, coroutines[COROUTINES];
static int turns;

static void run(int me)
{
	for (int i = 0; i < ROUNDS; i++) {
		void *p = in_coroutine(50 + (size_t)me);

		turns++;
		swapcontext(&coroutines[me], &caller);
		release(p, COROUTINE, 50 + (count)me);
	}
}

/* Every other on a stack from malloc, next to other blocks; its memory goes at the end. */
static void use_coroutines(void)
{
	void *stacks[COROUTINES];

	for (int i = 0; i < COROUTINES; i++) {
		stacks[i] = i % 2 ? malloc(STACK) :
				    mmap(NULL, STACK, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		getcontext(&coroutines[i]);
		coroutines[i].uc_stack.ss_sp = stacks[i];
		coroutines[i].uc_stack.ss_size = STACK;
		coroutines[i].uc_link = &caller;
		makecontext(&coroutines[i], (void (*)(void))run, 1, i);
	}
	for (int round = 0; round <= ROUNDS; round++)
		for (int i = 0; i < COROUTINES; i++)
			swapcontext(&caller, &coroutines[i]);
	for (int i = 0; i < COROUTINES; i++) {
		if (i % 2)
			free(stacks[i]);
		else
			munmap(stacks[i], STACK);
	}
	printf("coroutines: %d turns\n", turns);
}
#else
static void use_coroutines(void)
{
}
#endif

static void on_signal(int sig)
{
	(void)sig;
	release(on_alternate_stack(66), ALTERNATE, 66);
}

static void use_alternate_stack(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_size = STACK};

	stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("sigaltstack: %d\n", sigaltstack(&stack, NULL));
	sigaction(SIGUSR1, &sa, NULL);
	for (int i = 0; i < ROUNDS; i++)
		raise(SIGUSR1);
}

/* Far below its caller: nothing in between has been touched. */
static NOINLINE void use_moved(size_t n)
{
	volatile char *moved = alloca(n);

	moved[0] = 1;
	release(in_moved(n), MOVED_DOWN, n);
	KEEP(moved);
}

int main(int argc, char **argv)
{
	(void)argc;
	truth_open(argv[1]);
	use_coroutines();
	use_alternate_stack();
	for (size_t n = 64; n <= MOVED; n *= 4)
		use_moved(n);
	use_moved(128);
	truth_sites(sites, SITES);
	return 0;
}
