/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call (see x86_64/sys_arch.h). Linux, arch/riscv/kernel/entry.S: a7 number, a0-a5
 * arguments, a0 result; all other registers are kept.
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

/** @return the kernel's result; -errno on failure. */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

/** The thread pointer: of a thread made by a libc, an address just above its TCB and stack. */
static inline unsigned long da_sys_thread_pointer(void)
{
	unsigned long tp;

	__asm__("mv %0, tp" : "=r"(tp));
	return tp;
}

#endif
