/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call (see x86_64/sys_arch.h). Linux, arch/arm/kernel/entry-common.S (EABI): r7
 * number, r0-r5 arguments, r0 result.
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

/**
 * Thumb code may keep its frame pointer in r7, so the number goes there by hand.
 * @return the kernel's result; -errno on failure.
 */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;
	long saved;

	__asm__ volatile("mov %1, r7\n\tmov r7, %2\n\tsvc 0\n\tmov r7, %1"
			 : "+r"(r0), "=&r"(saved)
			 : "r"(nr), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory");
	return r0;
}

/** The thread pointer: of a thread made by a libc, an address just above its stack. */
static inline unsigned long da_sys_thread_pointer(void)
{
#if __ARM_ARCH >= 7 || defined __ARM_ARCH_6K__ || defined __ARM_ARCH_6ZK__
	unsigned long tp;

	__asm__("mrc p15, 0, %0, c13, c0, 3" : "=r"(tp));
	return tp;
#else
	/* older CPUs have no such register; Documentation/arch/arm/kernel_user_helpers.rst */
	return ((unsigned long (*)(void))0xffff0fe0)();
#endif
}

#endif
