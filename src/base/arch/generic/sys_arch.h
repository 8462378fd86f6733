/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call (see x86_64/sys_arch.h), for CPUs that have no unwinder of ours: 32-bit ARM
 * (EABI), RISC-V, i386.
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

#if defined __arm__

/* Thumb code may keep its frame pointer in r7, so the number goes there by hand. */
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

#elif defined __riscv

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

#elif defined __i386__

/* ebx is the GOT pointer and ebp may be the frame pointer: both are swapped in from memory. */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long args[2] = {a, f};
	long result;

	__asm__ volatile("push %%ebx\n\tpush %%ebp\n\t"
			 "mov 4(%%eax), %%ebp\n\tmov (%%eax), %%ebx\n\t"
			 "mov %%edi, %%eax\n\tmov %[e], %%edi\n\tint $0x80\n\t"
			 "pop %%ebp\n\tpop %%ebx"
			 : "=a"(result), "+D"(nr)
			 : "a"(args), "c"(b), "d"(c), "S"(d), [e] "m"(e)
			 : "memory");
	return result;
}

#else
#error "no raw system call for this CPU: add src/base/arch/<cpu>/sys_arch.h"
#endif

/** The thread pointer; 0: not known on these CPUs. */
static inline unsigned long da_sys_thread_pointer(void)
{
	return 0;
}

#endif
