/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T18: a program without any libc, as those of Go are: x86-64 only. */
static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

void _start(void)
{
	static const char text[] = "bare\n";

	call(1, 1, (long)text, sizeof text - 1);
	call(60, 23, 0, 0);
	__builtin_unreachable();
}
