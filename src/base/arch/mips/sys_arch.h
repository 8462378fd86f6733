/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One raw system call (see x86_64/sys_arch.h). Linux, arch/mips/kernel/scall32-o32.S and
 * scall64-n64.S: $2 number and result, $4-$7 arguments, $7 set on failure; the fifth and sixth
 * argument on the stack (o32) or in $8 $9 (n32, n64).
 */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

#define DA_SYS_CLOBBERS \
	"$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo"
#if __mips_isa_rev >= 6
#undef DA_SYS_CLOBBERS
#define DA_SYS_CLOBBERS "$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25"
#endif

/** @return the kernel's result; -errno on failure. */
static inline long da_sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long v0 __asm__("$2") = nr;
	register long a0 __asm__("$4") = a;
	register long a1 __asm__("$5") = b;
	register long a2 __asm__("$6") = c;
	register long a3 __asm__("$7") = d;
	register long a4 __asm__("$8") = e;
	register long a5 __asm__("$9") = f;

	__asm__ volatile(".set	push\n"
			 ".set	noreorder\n"
#if _MIPS_SIM == _ABIO32
			 "addiu	$29, $29, -32\n"
			 "sw	$8, 16($29)\n"
			 "sw	$9, 20($29)\n"
			 "syscall\n"
			 "addiu	$29, $29, 32\n"
#else
			 "syscall\n"
#endif
			 ".set	pop"
			 : "+r"(v0), "+r"(a3), "+r"(a4), "+r"(a5)
			 : "r"(a0), "r"(a1), "r"(a2)
			 : DA_SYS_CLOBBERS, "memory");
	return a3 ? -v0 : v0;
}

/** The thread pointer: 0x7000 above the TCB's end (MIPS TLS ABI), which lies above the stack. */
static inline unsigned long da_sys_thread_pointer(void)
{
	register unsigned long tp __asm__("$3");

	__asm__(".set	push\n"
		".set	mips32r2\n"
		"rdhwr	%0, $29\n"
		".set	pop"
		: "=r"(tp));
	return tp - 0x7000;
}

#endif
