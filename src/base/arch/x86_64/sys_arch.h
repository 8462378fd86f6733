/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call: no libc, no errno, no cancellation point. Selected by include path.
 * System V ABI, AMD64 supplement, A.2.1: rax number and result, rdi rsi rdx r10 r8 r9 arguments,
 * rcx r11 clobbered.
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

/** @return the kernel's result; -errno on failure. */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/** The thread pointer: of a thread made by a libc, an address just above its stack. */
static inline unsigned long da_sys_thread_pointer(void)
{
	unsigned long tp;

	/* the first word of the TCB holds its own address (ELF TLS ABI, variant II) */
	__asm__("movq %%fs:0, %0" : "=r"(tp));
	return tp;
}

#endif
