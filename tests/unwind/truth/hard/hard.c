/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Usage: hard [LIBRARY]: allocate in chains of calls through frames that are hard to unwind. */
#include "hard.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <search.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

unsigned long long dice_state;
long room;
static step_fn *from_library;
static sigjmp_buf *catcher;
static int left_n, left_x;

/* ---- frames ----------------------------------------------------------------------------------- */

static STEP int plain(int n, int x)
{
	return next(n, x) + 1;
}

static STEP int recursive(int n, int x)
{
	char local[24];

	memset(local, x, sizeof(local));
	KEEP(local);
	return x & 1 ? recursive(n, x >> 1) + local[3] : next(n, x >> 1) + local[x & 7];
}

static STEP int uses_alloca(int n, int x)
{
	size_t size = 16 + dice(200);
	char *p = alloca(size);

	memset(p, x, size);
	KEEP(p);
	return next(n, x) + p[size / 2];
}

static STEP int uses_vla(int n, int x)
{
	int k = 4 + (int)dice(30), sum = 0;
	int v[k], w[k + 3];

	for (int i = 0; i < k; i++)
		v[i] = w[i] = i * x;
	KEEP(v);
	KEEP(w);
	sum = next(n, v[1]);
	for (int i = 0; i < k; i++)
		sum += v[i] - w[i];
	return sum;
}

static STEP int alloca_in_loop(int n, int x)
{
	char *last = NULL;

	for (unsigned i = 0, m = 1 + dice(4); i < m; i++) {
		char *p = alloca(64);

		memset(p, x, 64);
		p[0] = last ? last[1] : 0;
		last = p;
		KEEP(p);
	}
	return next(n, x) + last[5];
}

#define FRAME(name, bytes)                        \
	static STEP int name(int n, int x)        \
	{                                         \
		char local[bytes];                \
                                                  \
		if ((room -= (bytes)) < 0) {      \
			room += (bytes);          \
			return plain(n, x);       \
		}                                 \
		local[x & 1023] = (char)x;        \
		KEEP(local);                      \
		x = next(n, x) + local[x & 1023]; \
		room += (bytes);                  \
		return x;                         \
	}
FRAME(frame_4k, 4096)
FRAME(frame_32k_less, 32700)
FRAME(frame_32k, 32768)
FRAME(frame_33k, 33000)
FRAME(frame_64k, 65536)
FRAME(frame_100k, 100000)
FRAME(frame_300k, 300000)

static STEP int large_and_alloca(int n, int x)
{
	char local[40000], *p;

	if ((room -= 45000) < 0) {
		room += 45000;
		return plain(n, x);
	}
	p = alloca(32 + dice(100));
	p[0] = local[x & 1023] = (char)x;
	KEEP(local);
	KEEP(p);
	x = next(n, x) + p[0] + local[x & 1023];
	room += 45000;
	return x;
}

/* ---- shapes of code --------------------------------------------------------------------------- */

static STEP int shrink_wrapped(int n, int x)
{
	static int calls[8];

	if (x & 3) {
		calls[x & 7]++;
		return plain(n, x >> 2);
	}
	for (int i = 0; i < 3; i++) {
		if (calls[i] > 1000000)
			return i;
	}
	x = next(n, x >> 2);
	calls[1] += x;
	return calls[1] + plain(0, x);
}

static STEP int early_returns(int n, int x)
{
	if (x == -7)
		return 1;
	if (x & 1) {
		x = next(n, x >> 1);
		if (x < 0)
			return x;
		KEEP(&x);
		return x + 1;
	}
	if (x & 2) {
		x = next(n, x >> 2) * 3;
		return x ? x : 7;
	}
	while (x > 1000) {
		x >>= 1;
		if (x == 77777)
			return next(n, x);
	}
	return next(n, x) - 1;
}

static STEP int tail_call(int n, int x)
{
	return next(n, x ^ 5);
}

static STEP int through_switch(int n, int x)
{
	char local[16];

	memset(local, 0, sizeof(local));
	KEEP(local);
	switch (x & 7) {
	case 0: return next(n, x + 1) + local[0];
	case 1: x += next(n, x + 3); break;
	case 2: x -= plain(n, x + 5); break;
	case 3: return recursive(n, x & 15) * 2;
	case 4:
		x = next(n, 4);
		x += next(0, x);
		break;
	case 5: KEEP(&x); return uses_alloca(n, x);
	default: x = next(n, x) ^ 3;
	}
	return x + local[2];
}

static STEP int many_arguments(int n, int a, int b, int c, int d, int e, int f, int g)
{
	return next(n, a + b - c) + d * e - f + g;
}

static STEP int with_many_arguments(int n, int x)
{
	return many_arguments(n, x, 1, 2, 3, x * 2, 5, x ^ 6) + 1;
}

static STEP int variadic_inner(int n, ...)
{
	va_list ap;
	int x;

	va_start(ap, n);
	x = va_arg(ap, int);
	x = next(n, x) + (int)va_arg(ap, double);
	va_end(ap);
	return x;
}

static STEP int variadic(int n, int x)
{
	return variadic_inner(n, x, 2.5, "three");
}

static STEP int floating(int n, int x)
{
	double a = x * 1.5, b = x / 3.0, c = a * b, d = c - a;

	x = next(n, x);
	return (int)(a * x + b - c / (d + 1)) & 0xff;
}

struct big {
	int v[40];
};

static STEP struct big returns_struct(int n, int x)
{
	struct big b = { { x, n } };

	b.v[2] = next(n, x);
	return b;
}

static STEP int takes_struct(int n, int x)
{
	struct big b = returns_struct(n, x);

	KEEP(&b);
	return b.v[2] + b.v[39];
}

static STEP int register_pressure(int n, int x)
{
	int a = x + 1, b = x * 3, c = x ^ 5, d = x - 7, e = x << 2, f = x >> 1, g = x | 1,
	    h = x & 6;

	for (int i = 0; i < 3; i++) {
		a += b * c;
		d ^= e + f;
		g -= h * a;
	}
	x = next(n, x);
	return a + b + c + d + e + f + g + h + x;
}

static STEP int realigned(int n, int x)
{
	int local[8] __attribute__((aligned(64)));

	local[x & 7] = x;
	KEEP(local);
	return next(n, x) + local[x & 7];
}

#ifndef __clang__
static STEP int nested_function(int n, int x)
{
	int total = 0;
	auto int inner(int m, int y);
	int inner(int m, int y)
	{
		total += y;
		return next(m, y);
	}

	return inner(n, x) + total;
}
#endif

/* ---- ways out --------------------------------------------------------------------------------- */

static STEP __attribute__((noreturn)) void gives_up(int n, int x)
{
	x = next(n, x);
	KEEP(&x);
	siglongjmp(*catcher, 1);
}

static STEP __attribute__((noreturn)) void gives_up_deep(int n, int x)
{
	KEEP(&n);
	gives_up(n, x + 1);
}

static STEP int caught(int n, int x)
{
	sigjmp_buf here, *volatile outer = catcher;
	volatile long had = room;
	volatile int m = n;

	catcher = &here;
	if (sigsetjmp(here, 0) == 0) {
		if (x & 3)
			gives_up(n, x >> 1);
		gives_up_deep(n, x >> 1);
	}
	catcher = outer;
	room = had;
	return next(m > 2 ? m - 2 : 0, 5);
}

static void on_signal(int number)
{
	int n = left_n, x = left_x;

	KEEP(&number);
	next(n, x);
}

static STEP int raises(int n, int x)
{
	left_n = n;
	left_x = x;
	raise(SIGUSR1);
	return x;
}

static void on_siginfo(int number, siginfo_t *info, void *context)
{
	int n = left_n, x = left_x;

	KEEP(context);
	if (info->si_signo == number)
		next(n, x);
}

static STEP int raises_info(int n, int x)
{
	left_n = n;
	left_x = x;
	raise(SIGUSR2);
	return x;
}

static void on_fault(int number)
{
	int n = left_n, x = left_x;

	next(n, x + number);
	siglongjmp(*catcher, 2);
}

static STEP int faulty_leaf(volatile int *p)
{
	return *p + 1;
}

static STEP int faults(int n, int x)
{
	sigjmp_buf here, *volatile outer = catcher;
	volatile long had = room;
	char local[40];

	memset(local, x, sizeof(local));
	KEEP(local);
	catcher = &here;
	left_n = n;
	left_x = x;
	if (sigsetjmp(here, 1) == 0)
		x = faulty_leaf(NULL);
	catcher = outer;
	room = had;
	return x + local[3];
}

/* ---- through libc ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	int n = left_n;

	if (n >= 0) {
		left_n = -1;
		next(n, left_x);
	}
	return *(const int *)a - *(const int *)b;
}

static STEP int sorts(int n, int x)
{
	int v[7] = { 3, 1, 4, 1, 5, 9, x };

	left_n = n;
	left_x = x;
	qsort(v, 7, sizeof(v[0]), compare);
	return v[0];
}

static STEP int searches(int n, int x)
{
	static const int v[] = { 1, 2, 3, 5, 8, 13 };
	int key = x & 15;

	left_n = n;
	left_x = x;
	return bsearch(&key, v, 6, sizeof(v[0]), compare) != NULL;
}

static STEP int grows_tree(int n, int x)
{
	static int keys[4] = { 4, 2, 3, 1 };
	void *root = NULL;

	left_n = -1;
	tsearch(&keys[0], &root, compare);
	left_n = n;
	left_x = x;
	tsearch(&keys[x & 3], &root, compare);
	left_n = -1;
	tdelete(&keys[x & 3], &root, compare);
	tdelete(&keys[0], &root, compare);
	return 1;
}

static STEP int formats(int n, int x)
{
	char *text = strdup("a longer piece of text");
	FILE *f = open_memstream(&(char *){ NULL }, &(size_t){ 0 });

	fprintf(f, "%d %s %f", x, text, x * 0.1);
	fclose(f);
	free(text);
	return next(n, x);
}

static STEP int in_library(int n, int x)
{
	return from_library ? from_library(n, x) : plain(n, x);
}

step_fn *const steps[] = {
	plain,
	recursive,
	uses_alloca,
	uses_vla,
	alloca_in_loop,
	frame_4k,
	frame_32k_less,
	frame_32k,
	frame_33k,
	frame_64k,
	frame_100k,
	frame_300k,
	large_and_alloca,
	shrink_wrapped,
	early_returns,
	tail_call,
	through_switch,
	with_many_arguments,
	takes_struct,
	register_pressure,
	realigned,
	caught,
	sorts,
	searches,
	grows_tree,
	formats,
	in_library,
	raises,
	raises_info,
	faults,
	variadic,
	floating,
#ifndef __clang__
	nested_function,
#endif
};
const unsigned n_steps = sizeof(steps) / sizeof(steps[0]);

/* ---- the whole -------------------------------------------------------------------------------- */

static void run(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		dice_state = i * 7919ull + 1;
		room = 2000000;
		next(1 + (int)dice(10), (int)dice(1000));
	}
}

static pthread_key_t key;

static void destroy(void *p)
{
	dice_state = 5;
	next(3, (int)(size_t)p);
}

static void *thread(void *arg)
{
	unsigned from = (unsigned)(size_t)arg;

	pthread_setspecific(key, arg);
	run(from, from + 250);
	if (from % 500)
		pthread_exit(NULL);
	return NULL;
}

static void at_exit(void)
{
	run(9000, 9020);
}

static STEP __attribute__((noreturn)) void finish(int status)
{
	run(9500, 9520);
	KEEP(&status);
	exit(status);
}

static void handle(int number, void (*plain_handler)(int), void (*info)(int, siginfo_t *, void *))
{
	struct sigaction a;

	memset(&a, 0, sizeof(a));
	a.sa_flags = SA_NODEFER | (info ? SA_SIGINFO : 0);
	if (info)
		a.sa_sigaction = info;
	else
		a.sa_handler = plain_handler;
	sigaction(number, &a, NULL);
}

__attribute__((constructor)) static void early(void)
{
	handle(SIGUSR1, on_signal, NULL);
	handle(SIGUSR2, NULL, on_siginfo);
	handle(SIGSEGV, on_fault, NULL);
	run(8000, 8020);
}

int main(int argc, char **argv)
{
	pthread_attr_t large;
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;

	if (argc > 1 && !library) {
		puts(dlerror());
		return 2;
	}
	if (library)
		from_library = (step_fn *)dlsym(library, "library_step");
	atexit(at_exit);
	pthread_key_create(&key, destroy);
	run(1, 1500);
	pthread_attr_init(&large);
	pthread_attr_setstacksize(&large, 8u << 20);
	for (size_t i = 0; i < 4; i++) {
		pthread_t t;

		if (pthread_create(&t, &large, thread, (void *)(2000 + i * 250)) ||
		    pthread_join(t, NULL))
			return 3;
	}
	from_library = NULL;
	if (library)
		dlclose(library);
	run(3000, 3200);
	puts("ok");
	fflush(stdout);
	finish(0);
}
