/* SPDX-License-Identifier: GPL-3.0-or-later */
/** File names made from a pattern. */
#ifndef DA_COLLECT_PATTERN_H
#define DA_COLLECT_PATTERN_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** The pattern when none is given. */
#define DA_PATTERN_DEFAULT "%e.%p.dalloc"

/** What the conversions stand for. Texts need not be NUL-terminated and may hold anything. */
struct da_pattern_values {
	uint32_t pid; /**< %p */
	const char *program; /**< %e: the last component of this path, made safe */
	size_t program_len;
	const char *host; /**< %h, made safe */
	size_t host_len;
	uint64_t wall_ns; /**< %t: UTC time as 20261122T162938Z, ns since 1970 */
};

/** Whether @pattern is well-formed: only the conversions %p %e %h %t %%. */
bool da_pattern_check(const char *pattern, struct da_err *err);

/**
 * Expand @pattern into @out (@size bytes). Texts are made safe: bytes other than A-Z a-z 0-9 . _ -
 * become '_', as does a leading dot or dash; at most 64 bytes; empty becomes "unknown".
 */
bool da_pattern_expand(const char *pattern, const struct da_pattern_values *v, char *out,
		       size_t size, struct da_err *err);

/** Whether @pattern tells processes apart (%p). */
bool da_pattern_has_pid(const char *pattern);

/**
 * Put ".%p" into @pattern, before a last ".dalloc", so that it tells processes apart.
 * @return false when @size bytes at @out are too few.
 */
bool da_pattern_add_pid(const char *pattern, char *out, size_t size);

#endif
