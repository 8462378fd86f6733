/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call (see x86_64/sys_arch.h). Linux, arch/arm64/kernel/entry.S: x8 number, x0-x5
 * arguments, x0 result.
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

/** @return the kernel's result; -errno on failure. */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/** The thread pointer: of a thread made by a libc, an address just above its stack. */
static inline unsigned long da_sys_thread_pointer(void)
{
	unsigned long tp;

	__asm__("mrs %0, tpidr_el0" : "=r"(tp));
	return tp;
}

#endif
