/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/boot.h"

#define ARENA_BYTES 16384u
#define ALIGN 16u

/* Each block is preceded by its size. */
static union {
	uint8_t bytes[ARENA_BYTES];
	long double align;
} arena __attribute__((aligned(ALIGN)));
static uint32_t used;

void *da_boot_alloc(size_t align, size_t size)
{
	uint32_t old = __atomic_load_n(&used, __ATOMIC_RELAXED);
	uintptr_t base = (uintptr_t)arena.bytes;
	uintptr_t p;

	if (align < ALIGN)
		align = ALIGN;
	if (size > ARENA_BYTES || align > ARENA_BYTES)
		return NULL;
	do {
		p = (base + old + sizeof(size_t) + align - 1) & ~(uintptr_t)(align - 1);
		if (p - base > ARENA_BYTES || size > ARENA_BYTES - (p - base))
			return NULL;
	} while (!__atomic_compare_exchange_n(&used, &old, (uint32_t)(p - base + size), false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	((size_t *)p)[-1] = size;
	return (void *)p;
}

bool da_boot_owns(const void *p)
{
	return (uintptr_t)p - (uintptr_t)arena.bytes < ARENA_BYTES;
}

size_t da_boot_size(const void *p)
{
	return ((const size_t *)p)[-1];
}
