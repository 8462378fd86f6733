/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A victim's own book-keeping, written to a file at its end. It allocates nothing: static tables,
 * a static buffer and write().
 *
 *	site NAME calls bytes live_blocks live_bytes	blocks allocated below function NAME
 *	function NAME calls failed			calls of an entry point
 *	KEY number...					whatever the test wants to know
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef unsigned long long count;

struct truth_site {
	const char *name;
	count calls, bytes, freed_blocks, freed_bytes;
};

#define NOINLINE __attribute__((noinline, noclone))
/* After an allocation in a site: keeps the call from becoming a jump, and the block from vanishing. */
#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

static int truth_fd = -1;

static inline void truth_open(const char *path)
{
	truth_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (truth_fd < 0)
		_exit(98);
}

static inline void truth_line(const char *format, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (write(truth_fd, line, (size_t)n) != n)
		_exit(97);
}

static inline void truth_sites(const struct truth_site *sites, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sites[i].name)
			truth_line("site %s %llu %llu %llu %llu\n", sites[i].name, sites[i].calls,
				   sites[i].bytes, sites[i].calls - sites[i].freed_blocks,
				   sites[i].bytes - sites[i].freed_bytes);
}

static inline void truth_alloc(struct truth_site *s, count bytes)
{
	s->calls++;
	s->bytes += bytes;
}

static inline void truth_free(struct truth_site *s, count bytes)
{
	s->freed_blocks++;
	s->freed_bytes += bytes;
}

/* A generator that is the same everywhere (Numerical Recipes' LCG, upper bits). */
static inline unsigned truth_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

#endif
