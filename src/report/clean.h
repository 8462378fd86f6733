/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Texts from recordings and ELF files made harmless. Every text that
 * enters a report passes through here once, so that no writer can forget it: what comes out is
 * valid UTF-8 in which nothing moves a cursor, starts an escape sequence, ends a line or hides.
 */
#ifndef DA_REPORT_CLEAN_H
#define DA_REPORT_CLEAN_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** Longest cleaned text in bytes, without the NUL; longer ones end in "...". */
#define DA_CLEAN_MAX 4096

/**
 * Clean @len bytes at @in into @out of @size bytes (at least 8), NUL-terminated, cut with "..."
 * when they do not fit.
 *
 * Each byte of the following becomes four characters "\xNN": C0 controls (tab and newline too),
 * DEL, C1 controls, what is not valid UTF-8 (surrogates and overlong forms as well), bidi controls
 * and marks, zero-width and other invisible format characters, line and paragraph separators,
 * variation selectors, tags, private use, noncharacters.
 * @return the length of the text stored.
 */
size_t da_clean(char *out, size_t size, const char *in, size_t len);

/** Whether da_clean() would store these bytes as they are (given room for DA_CLEAN_MAX). */
bool da_clean_is_clean(const char *in, size_t len);

/** Whether terminals show code point @c as nothing, or obey it: what da_clean() spells out. */
bool da_clean_is_unsafe(uint32_t c);

/**
 * Decode one UTF-8 character at @in of @len >= 1 bytes.
 * @return its bytes (1 … 4) with the code point in @c_out, or 0 when it is not valid UTF-8
 * (Unicode 15, table 3-7).
 */
size_t da_clean_decode(const char *in, size_t len, uint32_t *c_out);

/**
 * Columns that @n bytes of cleaned text take on a terminal; East Asian wide characters take two.
 */
size_t da_clean_columns(const char *text, size_t n);

/** The most bytes at the start of cleaned @text of @n bytes that fit @columns columns. */
size_t da_clean_fit(const char *text, size_t n, size_t columns);

#endif
