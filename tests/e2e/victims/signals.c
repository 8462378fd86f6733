/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handlers that allocate: of a signal that a call raises, of one that a timer sends anywhere, one
 * with siginfo, one of a fault; and, on MIPS, a frame whose saved return address lies on the stack, which
 * may be executable. signals TRUTH
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "truth.h"

#define ROUNDS 50

enum { RAISED, INFO, FAULT, TIMER, MISLED, SITES };
static struct truth_site sites[SITES] = {{.name = "in_raised"},
					 {.name = "in_info"},
					 {.name = "in_fault"},
					 {.name = "in_timer"},
					 {.name = "in_misled"}};
static volatile sig_atomic_t ticks;
static sigjmp_buf after_fault;

#define SITE(function, id, n)                 \
	static NOINLINE void function(void)   \
	{                                     \
		void *p = malloc(n);          \
		KEEP(p);                      \
		free(p);                      \
		truth_alloc(&sites[id], n);   \
		truth_free(&sites[id], n);    \
	}
SITE(in_raised, RAISED, 41)
SITE(in_info, INFO, 42)
SITE(in_fault, FAULT, 43)
SITE(in_timer, TIMER, 44)
SITE(in_misled, MISLED, 45)

static void on_raised(int sig)
{
	(void)sig;
	in_raised();
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	in_info();
	KEEP(context);
}

static void on_fault(int sig)
{
	(void)sig;
	in_fault();
	siglongjmp(after_fault, 1);
}

static void on_timer(int sig)
{
	(void)sig;
	in_timer();
	ticks++;
}

static void catch(int sig, void (*handler)(int), void (*info)(int, siginfo_t *, void *))
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};

	if (info) {
		sa.sa_sigaction = info;
		sa.sa_flags |= SA_SIGINFO;
	}
	sigaction(sig, &sa, NULL);
}

static NOINLINE void raise_all(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		raise(SIGUSR1);
		raise(SIGUSR2);
	}
	KEEP(sites);
}

/* A leaf: what it was called from is in a register only. */
static NOINLINE void fault(volatile int *at)
{
	*at = 1;
}

static NOINLINE void fault_all(void)
{
	for (volatile int i = 0; i < ROUNDS; i++)
		if (!sigsetjmp(after_fault, 1))
			fault((volatile int *)16);
	KEEP(sites);
}

/* A leaf again, that the timer interrupts at any of its instructions. */
static NOINLINE unsigned spin(unsigned n)
{
	unsigned x = n;

	while (n--)
		x = x * 1664525u + 1013904223u;
	return x;
}

static NOINLINE void time_all(void)
{
	struct itimerval t = {{0, 2000}, {0, 2000}}, off = {{0, 0}, {0, 0}};
	unsigned x = 0;

	setitimer(ITIMER_REAL, &t, NULL);
	while (ticks < ROUNDS)
		x += spin(1000);
	setitimer(ITIMER_REAL, &off, NULL);
	KEEP(x);
}

#if defined __mips__ && _MIPS_SIM == _ABIO32
/* Words on the stack that look like a call and where it returns to. */
static NOINLINE void mislead(void (*function)(void))
{
	unsigned code[4] = {0x0320f809 /* jalr t9 */, 0, 0x8fbf001c, 0};

	__asm__ volatile(".set push\n\t.set noreorder\n\t"
			 "addiu	$sp, $sp, -32\n\t"
			 "sw	$31, 28($sp)\n\t"
			 "sw	%1, 24($sp)\n\t"
			 "move	$16, $31\n\t"
			 "sw	%0, 28($sp)\n\t"
			 "move	$25, %1\n\t"
			 "jalr	$25\n\t"
			 "nop\n\t"
			 "sw	$16, 28($sp)\n\t"
			 "lw	$31, 28($sp)\n\t"
			 "addiu	$sp, $sp, 32\n\t"
			 ".set pop"
			 :
			 : "r"(&code[2]), "r"(function)
			 : "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12",
			   "$13", "$14", "$15", "$16", "$24", "$25", "$31", "memory");
	KEEP(code);
}
#else
static NOINLINE void mislead(void (*function)(void))
{
	function();
	KEEP(function);
}
#endif

/* Whether the stack is executable, as it is on MIPS. */
static unsigned stack_is_executable(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned is = 0;

	while (f && fgets(line, sizeof line, f))
		is |= strstr(line, "[stack]") && strstr(line, "rwxp");
	if (f)
		fclose(f);
	return is;
}

int main(int argc, char **argv)
{
	(void)argc;
	truth_open(argv[1]);
	catch(SIGUSR1, on_raised, NULL);
	catch(SIGUSR2, NULL, on_info);
	catch(SIGSEGV, on_fault, NULL);
	catch(SIGALRM, on_timer, NULL);
	raise_all();
	fault_all();
	time_all();
	for (int i = 0; i < ROUNDS; i++)
		mislead(in_misled);
	truth_sites(sites, SITES);
	truth_line("stack_executable %u\n", stack_is_executable());
	return 0;
}
