/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of every frame form; make-samples.sh compiles them to the bytes in samples.h. */

int callee(int *);
void done(void) __attribute__((noreturn));

int plain(int a, int b)
{
	int r = callee(&a) + b;

	if (r < 0)
		return callee(&r);
	return r * 2;
}

/* The frame is made behind the early return. */
int shrink_wrapped(int *p)
{
	if (!p)
		return -1;
	for (int i = 0; i < *p; i++)
		*p += callee(p + i);
	return *p;
}

int dynamic(int n)
{
	int v[n];

	v[0] = n;
	return callee(v) + v[n - 1];
}

int large(int n)
{
	int v[20000];

	v[n] = n;
	return callee(v) + v[1];
}

void ends_in_call(int n)
{
	callee(&n);
	done();
}
