/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Numbers as people read them: KiB and MiB (powers of 1024), grouped digits, times, shares. */
#ifndef DA_REPORT_UNITS_H
#define DA_REPORT_UNITS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** Room for any text made here, with the NUL. */
#define DA_UNITS_TEXT 32

/** "0 B", "1023 B", "1.00 KiB", "12.3 MiB", "1023 GiB": three or four digits. @return @buf */
const char *da_units_bytes(char buf[DA_UNITS_TEXT], uint64_t bytes);

/** "0", "999", "1,234,567". @return @buf */
const char *da_units_count(char buf[DA_UNITS_TEXT], uint64_t count);

/** "0 blocks", "1 block", "1,234,567 blocks". @return @buf */
const char *da_units_blocks(char buf[DA_UNITS_TEXT], uint64_t blocks);

/** At most 6 characters: "99999", "123 k", "12.3 M", "1.23 G" (powers of 1000). @return @buf */
const char *da_units_short(char buf[DA_UNITS_TEXT], uint64_t count);

/** "0 s", "12 ns", "345 us", "67.8 ms", "1.23 s", "2 min 03 s", "1 h 02 min". @return @buf */
const char *da_units_time(char buf[DA_UNITS_TEXT], uint64_t ns);

/** @part of @whole as "12.3%", "100%", "<0.1%"; "-" when @whole is 0. @return @buf */
const char *da_units_share(char buf[DA_UNITS_TEXT], uint64_t part, uint64_t whole);

/** Wall-clock time as "2026-11-22 16:04:05 UTC". @return @buf */
const char *da_units_date(char buf[DA_UNITS_TEXT], uint64_t ns_since_1970);

#endif
