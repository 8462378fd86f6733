/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call (see x86_64/sys_arch.h). Linux, arch/x86/entry/entry_32.S: eax number and
 * result, ebx ecx edx esi edi ebp arguments.
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

/**
 * ebx is the GOT pointer and ebp may be the frame pointer: both are swapped in from memory.
 * @return the kernel's result; -errno on failure.
 */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long in[4] = { a, f, nr, e };
	long result;

	__asm__ volatile("push %%ebx\n\tpush %%ebp\n\tpush %%edi\n\t"
			 "mov 4(%%eax), %%ebp\n\tmov (%%eax), %%ebx\n\tmov 12(%%eax), %%edi\n\t"
			 "mov 8(%%eax), %%eax\n\tint $0x80\n\t"
			 "pop %%edi\n\tpop %%ebp\n\tpop %%ebx"
			 : "=a"(result)
			 : "a"(in), "c"(b), "d"(c), "S"(d)
			 : "memory");
	return result;
}

/** The thread pointer: of a thread made by a libc, an address just above its stack. */
static inline unsigned long da_sys_thread_pointer(void)
{
	unsigned long tp;

	/* the first word of the TCB holds its own address (ELF TLS ABI, variant II) */
	__asm__("movl %%gs:0, %0" : "=r"(tp));
	return tp;
}

#endif
