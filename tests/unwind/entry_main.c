/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls an assembly entry and compares what it saved with the registers at the call. The caller has
 * a frame pointer and knows its own sp at the call: it reads the register just before, with the
 * outgoing arguments in registers. Prints "ok" or what differs; status 0 or 1.
 */
#include <stdint.h>
#include <stdio.h>

#include "unwind/start.h"

extern struct da_unwind_start entry_seen;
extern uintptr_t entry_args[4];
uintptr_t probe(uintptr_t a, uintptr_t b, uintptr_t c);
void probe_void(uintptr_t a, uintptr_t b, uintptr_t c);

#ifdef __mips__
#define NOT_MIPS16 , nomips16
#else
#define NOT_MIPS16
#endif

static int failures;

static void expect(const char *what, uintptr_t got, uintptr_t want)
{
	if (got == want)
		return;
	printf("%s: got %#lx, want %#lx\n", what, (unsigned long)got, (unsigned long)want);
	failures++;
}

#if defined(__x86_64__)
#define READ_SP(v) __asm__ volatile("mov %%rsp, %0" : "=r"(v))
#define READ_FP(v) __asm__ volatile("mov %%rbp, %0" : "=r"(v))
#elif defined(__i386__)
#define READ_SP(v) __asm__ volatile("mov %%esp, %0" : "=r"(v))
#define READ_FP(v) __asm__ volatile("mov %%ebp, %0" : "=r"(v))
#elif defined(__riscv)
#define READ_SP(v) __asm__ volatile("mv %0, sp" : "=r"(v))
#define READ_FP(v) __asm__ volatile("mv %0, s0" : "=r"(v))
#elif defined(__arm__)
#define READ_SP(v) __asm__ volatile("mov %0, sp" : "=r"(v))
#define READ_FP(v) __asm__ volatile("mov %0, r11" : "=r"(v))
#elif defined(__aarch64__)
#define READ_SP(v) __asm__ volatile("mov %0, sp" : "=r"(v))
#define READ_FP(v) __asm__ volatile("mov %0, x29" : "=r"(v))
#elif defined(__mips__)
#define READ_SP(v) __asm__ volatile("move %0, $29" : "=r"(v))
#define READ_FP(v) __asm__ volatile("move %0, $30" : "=r"(v))
#else
#error "no register access for this CPU"
#endif

__attribute__((noinline NOT_MIPS16)) static void check_call(void)
{
	uintptr_t sp, sum;
	uintptr_t fp __attribute__((unused));
	uintptr_t lo = (uintptr_t)&check_call;

	READ_SP(sp);
	READ_FP(fp);
	sum = probe(11, 22, 33);
	expect("result", sum, 66);
	expect("a", entry_args[0], 11);
	expect("b", entry_args[1], 22);
	expect("c", entry_args[2], 33);
	expect("sp", entry_seen.sp, sp);
#ifndef ENTRY_GENERIC
	expect("fp", entry_seen.fp, fp);
#endif
	expect("pc in caller", entry_seen.pc > lo && entry_seen.pc < lo + 1024, 1);
	probe_void(1, 2, 3);
	expect("sp of void", entry_seen.sp, sp);
	expect("c of void", entry_args[2], 3);
}

/* pc exactly: the call is written in assembly, with a label after it. */
__attribute__((noinline NOT_MIPS16)) static void check_pc(void)
{
#if defined(__x86_64__)
	uintptr_t after;

	__asm__ volatile("call *%1\n1: lea 1b(%%rip), %0\n"
			 : "=&r"(after)
			 : "r"(probe)
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
	expect("pc", entry_seen.pc, after);
#elif defined(__mips__)
	uintptr_t after;
	register uintptr_t s0 __asm__("$16") = 0x1600;
	register uintptr_t s7 __asm__("$23") = 0x2300;
	register uintptr_t fn __asm__("$25") = (uintptr_t)probe;
	register uintptr_t ra __asm__("$31");

	__asm__ volatile(".set push\n.set noreorder\n"
			 "move $20, $28\njalr $25\nnop\nmove $28, $20\n.set pop\n"
			 : "=r"(ra), "+r"(fn), "+r"(s0), "+r"(s7)
			 :
			 : "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12",
			   "$13", "$14", "$15", "$20", "$24", "memory");
	after = ra;
	expect("pc", entry_seen.pc, after);
#ifndef ENTRY_GENERIC
	expect("s0", entry_seen.s[0], 0x1600);
	expect("s7", entry_seen.s[7], 0x2300);
#endif
#elif defined(__aarch64__)
	uintptr_t after;

	__asm__ volatile("blr %1\nadr %0, .\n"
			 : "=&r"(after)
			 : "r"(probe)
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x30", "memory");
	expect("pc", entry_seen.pc, after);
#endif
}

int main(void)
{
	check_call();
	check_pc();
	if (failures == 0)
		puts("ok");
	return failures != 0;
}
