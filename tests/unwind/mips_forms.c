/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames as MIPS compilers make them; make-mips-samples.sh compiles them to mips_samples.h. */
#include "sample_code.c"

int other(int);
extern int global;

/* Code before and behind several returns, with a call between them. */
int several_returns(int *p, int n)
{
	if (n < 0)
		return -1;
	if (n == 7)
		return callee(p) + 7;
	for (int i = 0; i < n; i++) {
		if (p[i] == 3)
			return other(i);
		global += callee(p + i);
	}
	return callee(p) * n;
}

int tail_call(int *p)
{
	callee(p);
	callee(p + 1);
	return other(p[2]);
}

int jump_table(int n, int *p)
{
	switch (n) {
	case 0: callee(p); break;
	case 1: return callee(p + 1) + callee(p);
	case 2: global = callee(p + 2); break;
	case 3: p[3] = other(3); break;
	case 4: p[4] += callee(p) + other(9); break;
	case 5: return 5;
	case 6: callee(p + 6); return other(2) + 1;
	}
	return callee(p + n);
}

/* Registers run out: s8 is one of them. */
int many_values(int *p)
{
	int a = callee(p), b = callee(p + 1), c = callee(p + 2), d = callee(p + 3);
	int e = callee(p + 4), f = callee(p + 5), g = callee(p + 6), h = callee(p + 7);
	int i = callee(p + 8), j = callee(p + 9);

	return callee(p + 10) + a * b - c * d + e * f - g * h + i * j;
}

int grows(int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++) {
		int *v = __builtin_alloca(16);

		v[0] = i;
		sum += callee(v);
	}
	return sum;
}

/* clang saves no ra here. */
void never_returns(int n) __attribute__((noreturn));
void never_returns(int n)
{
	global = n;
	done();
}
