/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Numbers, sizes and times as people write them. */
#ifndef DA_CMD_QUANTITY_H
#define DA_CMD_QUANTITY_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** Read a whole number in [min, max]. On failure @out is unchanged. */
bool da_quantity_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
			      struct da_err *err);

/**
 * Read a size: digits, then nothing or B, or k, M, G, T (either case; powers of 1024), optionally
 * followed by B or iB. @out is in bytes; unchanged on failure.
 */
bool da_quantity_parse_size(const char *text, uint64_t *out, struct da_err *err);

/**
 * Read a time: digits, optionally with a decimal point and up to 9 decimals, then us, ms, s, m or
 * h (none: seconds). @ns_out is in nanoseconds; unchanged on failure.
 */
bool da_quantity_parse_time(const char *text, uint64_t *ns_out, struct da_err *err);

/** Bytes of the longest text da_quantity_format_size() or _time() writes, with the NUL. */
#define DA_QUANTITY_TEXT 32

/** Write "123 B", "1.50 KiB", "3.25 MiB" … into @buf. @return @buf. */
const char *da_quantity_format_size(char buf[DA_QUANTITY_TEXT], uint64_t bytes);

/** Write "12 ms", "3.25 s", "2 min 5 s", "3 h 20 min" into @buf. @return @buf. */
const char *da_quantity_format_time(char buf[DA_QUANTITY_TEXT], uint64_t ns);

#endif
