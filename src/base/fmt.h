/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Text formatting without stdio, for places where libc may not be called. */
#ifndef DA_BASE_FMT_H
#define DA_BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>

/**
 * Format into @buf of @size bytes (at least 1), always NUL-terminated, truncating silently.
 *
 * Understands %s %c %d %i %u %x %% with the length words hh h l ll z, a field width, the flags '0'
 * and '-', and a precision on %s (also as `*`). Allocation-free and async-signal-safe.
 * @return the length of the text stored, without the NUL (so always < @size).
 */
size_t da_fmt(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** da_fmt() with a va_list. */
size_t da_vfmt(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

#endif
