/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/clean.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

/* Sorted. From the Unicode 15 data: categories Cc, Cf (all that are invisible), Zl, Zp, Co, Cn's
 * noncharacters, and the variation selectors. */
static const struct range unsafe_ranges[] = {
	{ 0x0000, 0x001f },   { 0x007f, 0x009f },   { 0x00ad, 0x00ad },    { 0x034f, 0x034f },
	{ 0x061c, 0x061c },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },    { 0x180b, 0x180f },
	{ 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },    { 0x3164, 0x3164 },
	{ 0xe000, 0xf8ff },   { 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },    { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0xfffe, 0xffff },    { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

/* Sorted. East Asian Width W and F, rounded outwards to blocks. */
static const struct range wide_ranges[] = {
	{ 0x1100, 0x115f }, { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },   { 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static bool in_ranges(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n && r[i].first <= c; i++)
		if (c <= r[i].last)
			return true;
	return false;
}

bool da_clean_is_unsafe(uint32_t c)
{
	if (c >= 0x20 && c < 0x7f)
		return false;
	return (c & 0xfffe) == 0xfffe ||
	       in_ranges(unsafe_ranges, sizeof unsafe_ranges / sizeof *unsafe_ranges, c);
}

/* Bytes of the character that starts with @lead; 0: none does. */
static size_t sequence_length(uint8_t lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t da_clean_decode(const char *in, size_t len, uint32_t *c_out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* by length */
	const uint8_t *b = (const uint8_t *)in;
	uint32_t c;
	size_t n;

	*c_out = b[0];
	if (b[0] < 0x80)
		return 1;
	n = sequence_length(b[0]);
	if (n == 0 || n > len)
		return 0;
	c = b[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*c_out = c;
	return n;
}

/* Bytes at @in to take next, at least 1; *safe_out: they may be shown as they are. */
static size_t next_unit(const char *in, size_t len, bool *safe_out)
{
	uint32_t c;
	size_t n = da_clean_decode(in, len, &c);

	*safe_out = n > 0 && !da_clean_is_unsafe(c);
	return n ? n : 1;
}

static size_t spell_bytes(char *out, const char *in, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		uint8_t b = (uint8_t)in[i];

		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[b >> 4];
		*out++ = digits[b & 15];
	}
	return 4 * n;
}

size_t da_clean(char *out, size_t size, const char *in, size_t len)
{
	size_t used = 0, fit = 0;
	bool safe;

	for (size_t i = 0, n; i < len; i += n) {
		char unit[16];
		size_t m;

		n = next_unit(in + i, len - i, &safe);
		if (safe)
			memcpy(unit, in + i, m = n);
		else
			m = spell_bytes(unit, in + i, n);
		if (used + m >= size) {
			memcpy(out + fit, "...", 4);
			return fit + 3;
		}
		memcpy(out + used, unit, m);
		used += m;
		if (used + 4 <= size)
			fit = used;
	}
	out[used] = '\0';
	return used;
}

bool da_clean_is_clean(const char *in, size_t len)
{
	bool safe = true;

	for (size_t i = 0; safe && i < len;)
		i += next_unit(in + i, len - i, &safe);
	return safe && len <= DA_CLEAN_MAX;
}

static size_t char_columns(uint32_t c)
{
	return c >= 0x1100 && in_ranges(wide_ranges, sizeof wide_ranges / sizeof *wide_ranges, c) ?
		       2 :
		       1;
}

size_t da_clean_fit(const char *text, size_t n, size_t columns)
{
	size_t i = 0;

	while (i < n) {
		uint32_t c = 0;
		size_t bytes = da_clean_decode(text + i, n - i, &c);
		size_t width = char_columns(c);

		if (width > columns)
			break;
		columns -= width;
		i += bytes ? bytes : 1;
	}
	return i;
}

size_t da_clean_columns(const char *text, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n;) {
		uint32_t c = 0;
		size_t bytes = da_clean_decode(text + i, n - i, &c);

		columns += char_columns(c);
		i += bytes ? bytes : 1;
	}
	return columns;
}
