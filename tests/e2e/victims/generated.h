/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls from generated code, where the CPU is known: their pcs lie in no module. */
#ifndef GENERATED_H
#define GENERATED_H

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define GENERATED_PAGE 65536 /* of any CPU */

/* Calls f(size). */
typedef void *generated_call(size_t size, void *(*f)(size_t));

static inline void *generated_not(size_t size, void *(*f)(size_t))
{
	void *p = f(size);

	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

/* A function on a page of its own; generated_not where the CPU's code is not known. */
static inline generated_call *generated_make(void)
{
#ifdef __x86_64__
	/* sub $8,%rsp; call *%rsi; add $8,%rsp; ret */
	static const unsigned char code[] = {0x48, 0x83, 0xec, 0x08, 0xff, 0xd6,
					     0x48, 0x83, 0xc4, 0x08, 0xc3};
	void *page = mmap(NULL, GENERATED_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED) {
		memcpy(page, code, sizeof code);
		return (generated_call *)page;
	}
#endif
	return generated_not;
}

static inline void generated_drop(generated_call *f)
{
	if (f != generated_not)
		munmap((void *)f, GENERATED_PAGE);
}

#endif
