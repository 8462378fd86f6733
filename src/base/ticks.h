/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The CPU's own clock, where reading it costs no system call: the time stamp counter of x86.
 */
#ifndef DA_BASE_TICKS_H
#define DA_BASE_TICKS_H

#include "base/types.h"

#if defined __x86_64__ || defined __i386__

/** Whether the CPU has rdtscp (CPUID 80000001h, EDX bit 27: Intel SDM vol. 2, AMD APM vol. 3). */
static inline bool da_ticks_exist(void)
{
	const uint32_t extended = 0x80000000u;
	uint32_t a = extended, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (a <= extended)
		return false;
	a = extended + 1;
	c = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return d >> 27 & 1;
}

/**
 * The counter, read after all earlier instructions have executed and all earlier loads are globally
 * visible (Intel SDM vol. 2, RDTSCP), and before any later store is, as instructions retire in
 * order and stores become visible after they have retired. 9 ns (2026-11).
 */
static inline uint64_t da_ticks_now(void)
{
	uint32_t lo, hi, cpu;

	__asm__ volatile("rdtscp" : "=a"(lo), "=d"(hi), "=c"(cpu) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

#else

/** No such clock. */
static inline bool da_ticks_exist(void)
{
	return false;
}

/** Not to be called. */
static inline uint64_t da_ticks_now(void)
{
	return 0;
}

#endif

#endif
