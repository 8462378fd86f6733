/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks this program's own stack from an assembly entry, in frames of many kinds, and compares with
 * what each function was told by its compiler: its return address, kept on a shadow stack. Those
 * must appear in the walk in their order (between them lie frames of libc), the last one is main's
 * caller, and the walk must be complete. Prints "ok" or what differs; status 0 or 1.
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "cpu.h"
#include "entry.h"
#include "unwind/unwind.h"

#define MAX_MODULES 64
#define MAX_DEPTH 256

static struct da_module modules[MAX_MODULES];
static struct da_module_table table = { .modules = modules };

/* What the functions now running return to, outermost first. */
static uintptr_t shadow[MAX_DEPTH];
static unsigned depth;
static const char *scene;
static int failures, walks;
static enum da_unwind_mode mode;

#define ENTER() (shadow[depth++] = (uintptr_t)__builtin_return_address(0))
#define LEAVE() (depth--)

void probe(void); /* live_entry.c */
DA_ENTRY_TARGET void da_entry_probe(uintptr_t a, uintptr_t b, uintptr_t c,
				    const struct da_unwind_start *start);

static void add_segment(struct da_module *m, const struct dl_phdr_info *info, const ElfW(Phdr) * p)
{
	uintptr_t lo = info->dlpi_addr + p->p_vaddr;

	if (p->p_type == DA_CPU_TABLES) {
		m->eh_frame_hdr = lo;
		m->eh_frame_hdr_size = p->p_memsz;
	}
	if (p->p_type != PT_LOAD)
		return;
	if (m->hi == 0)
		m->lo = lo;
	m->hi = lo + p->p_memsz;
	if ((p->p_flags & PF_X) && !(p->p_flags & PF_W)) {
		m->text_lo = lo;
		m->text_hi = lo + p->p_filesz;
	}
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct da_module m = { .id = table.n, .bias = info->dlpi_addr };
	unsigned at = table.n;

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++)
		add_segment(&m, info, &info->dlpi_phdr[i]);
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t lo = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && m.eh_frame_hdr >= lo &&
		    m.eh_frame_hdr < lo + info->dlpi_phdr[i].p_filesz) {
			m.eh_lo = lo;
			m.eh_hi = lo + info->dlpi_phdr[i].p_filesz;
		}
	}
	if (getauxval(AT_ENTRY) >= m.text_lo && getauxval(AT_ENTRY) < m.text_hi)
		m.entry = getauxval(AT_ENTRY);
	if (m.hi == 0 || table.n == MAX_MODULES)
		return 0;
	for (; at > 0 && modules[at - 1].lo > m.lo; at--)
		modules[at] = modules[at - 1];
	modules[at] = m;
	table.n++;
	return 0;
}

static uintptr_t stack_top(void)
{
	pthread_attr_t a;
	void *lowest;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &a))
		abort();
	pthread_attr_getstack(&a, &lowest, &size);
	pthread_attr_destroy(&a);
	return (uintptr_t)lowest + size;
}

static void complain(const char *what, const struct da_unwind *u)
{
	printf("%s: %s; end %d, %u frames:", scene, what, (int)u->end, (unsigned)u->n);
	for (unsigned i = 0; i < u->n; i++)
		printf(" %#lx", (unsigned long)u->pcs[u->n - 1 - i]);
	printf("\n  expected (outermost first):");
	for (unsigned i = 0; i < depth; i++)
		printf(" %#lx", (unsigned long)shadow[i]);
	printf("\n");
	failures++;
}

static void compare(const struct da_unwind *u)
{
	unsigned at = 0, want = depth;

	/* MIPS16 and Thumb bits apart, the shadow's values are the saved ones. */
	for (; at < u->n && want > 0; at++)
		want -= u->pcs[u->n - 1 - at] == shadow[want - 1];
	if (want > 0)
		complain("a frame is missing", u);
	else if (u->end != DA_UNWIND_END_COMPLETE)
		complain("not complete", u);
}

void da_entry_probe(uintptr_t a, uintptr_t b, uintptr_t c, const struct da_unwind_start *start)
{
	struct da_unwind u = { .modules = &table, .mode = mode, .stack_hi = stack_top() };
	void *memory = calloc(1, da_unwind_bytes(MAX_DEPTH));

	(void)a;
	(void)b;
	(void)c;
	da_unwind_init(&u, memory, MAX_DEPTH);
	/* Twice: the second walk uses the rules that the first one found. */
	for (int i = 0; i < 2; i++) {
		da_unwind_walk(&u, start);
		da_unwind_list(&u);
		compare(&u);
	}
	walks++;
	free(memory);
}

/* ---- frames of many kinds --------------------------------------------------------------------- */

#define NOINLINE __attribute__((noinline, noclone))
#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

static NOINLINE int recursive(int n)
{
	char local[32];

	ENTER();
	memset(local, n, sizeof(local));
	KEEP(local);
	if (n == 0)
		probe();
	else
		local[3] += (char)recursive(n - 1);
	LEAVE();
	return local[3];
}

static NOINLINE int dynamic(int n)
{
	char *p = alloca((size_t)n);

	ENTER();
	memset(p, n, (size_t)n);
	KEEP(p);
	probe();
	n = p[n / 2] + recursive(2);
	LEAVE();
	return n;
}

static NOINLINE int large(int n)
{
	char local[100000];

	ENTER();
	local[n] = 1;
	KEEP(local);
	n = local[n] + dynamic(n);
	LEAVE();
	return n;
}

static NOINLINE int shrink_wrapped(const int *p)
{
	int n;

	if (!p)
		return -1;
	ENTER();
	probe();
	n = *p + large(50);
	LEAVE();
	return n;
}

static int compare_ints(const void *a, const void *b)
{
	int n = *(const int *)a - *(const int *)b;

	ENTER();
	probe();
	LEAVE();
	return n;
}

static NOINLINE void sorted(void)
{
	int v[5] = { 3, 1, 4, 1, 5 };

	ENTER();
	qsort(v, 5, sizeof(v[0]), compare_ints);
	KEEP(v);
	LEAVE();
}

/* The call is the last instruction; the epilogue has nothing to say. */
static NOINLINE void ends_in_call(int n)
{
	ENTER();
	probe();
	KEEP(&n);
	pthread_exit(NULL);
}

static void *thread(void *arg)
{
	uintptr_t kept = shadow[0];

	depth = 0;
	scene = "thread";
	ENTER();
	probe();
	recursive(3);
	ends_in_call(1);
	shadow[0] = kept;
	return arg;
}

#ifdef HANDLERS
static void on_signal(int n)
{
	ENTER();
	KEEP(&n);
	probe();
	LEAVE();
}

static NOINLINE void interrupted(void)
{
	ENTER();
	scene = "signal";
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	KEEP(&depth);
	LEAVE();
}
#endif

int main(int argc, char **argv)
{
	int one = 1;
	pthread_t t;

	mode = argc > 1 ? (enum da_unwind_mode)atoi(argv[1]) : DA_UNWIND_AUTO;
	dl_iterate_phdr(add_module, NULL);
	ENTER();
	scene = "frames";
	probe();
	shrink_wrapped(&one);
	scene = "callback";
	sorted();
#ifdef HANDLERS
	interrupted();
#endif
	if (pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL))
		return 1;
	if (failures == 0)
		puts("ok");
	return failures != 0 || walks < 12;
}
