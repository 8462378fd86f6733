/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cursor.h"

void da_cursor_init(struct da_cursor *c, const struct da_image *image, da_addr at, da_addr end)
{
	c->image = image;
	c->at = 0;
	c->end = 0;
	c->bad = at < image->lo || end < at || end - image->lo > image->size;
	if (c->bad)
		return;
	c->at = (size_t)(at - image->lo);
	c->end = (size_t)(end - image->lo);
}

da_addr da_cursor_address(const struct da_cursor *c)
{
	return c->image->lo + c->at;
}

uint64_t da_cursor_unsigned(struct da_cursor *c, unsigned n)
{
	const uint8_t *b = c->image->bytes + c->at;
	bool big = c->image->big_endian;

	if (!da_cursor_skip(c, n))
		return 0;
	switch (n) {
	case 1: return *b;
	case 2: return big ? da_load_be16(b) : da_load_le16(b);
	case 4: return big ? da_load_be32(b) : da_load_le32(b);
	default: return big ? da_load_be64(b) : da_load_le64(b);
	}
}

int64_t da_cursor_signed(struct da_cursor *c, unsigned n)
{
	uint64_t v = da_cursor_unsigned(c, n);
	unsigned unused = 64 - 8 * n;

	return (int64_t)(v << unused) >> unused;
}

/* The bits of a LEB128 number; *bits_out is how many were given, for the sign. */
static uint64_t leb(struct da_cursor *c, unsigned *bits_out, bool *negative_out)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t b;

	do {
		b = da_cursor_byte(c);
		if (shift >= 70)
			c->bad = true;
		if (c->bad)
			return 0;
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80);
	*bits_out = shift;
	*negative_out = b & 0x40;
	return v;
}

uint64_t da_cursor_uleb_long(struct da_cursor *c)
{
	unsigned bits;
	bool negative;

	return leb(c, &bits, &negative);
}

int64_t da_cursor_sleb(struct da_cursor *c)
{
	unsigned bits = 64;
	bool negative = false;
	uint64_t v = leb(c, &bits, &negative);

	if (negative && bits < 64)
		v |= UINT64_MAX << bits;
	return (int64_t)v;
}

/* DW_EH_PE_*: the low four bits are the format, the next three what it is relative to. */
static uint64_t encoded_value(struct da_cursor *c, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case 0x00: return da_cursor_unsigned(c, c->image->word);
	case 0x01: return da_cursor_uleb(c);
	case 0x02: return da_cursor_unsigned(c, 2);
	case 0x03: return da_cursor_unsigned(c, 4);
	case 0x04: return da_cursor_unsigned(c, 8);
	case 0x08: return (uint64_t)da_cursor_signed(c, c->image->word);
	case 0x09: return (uint64_t)da_cursor_sleb(c);
	case 0x0a: return (uint64_t)da_cursor_signed(c, 2);
	case 0x0b: return (uint64_t)da_cursor_signed(c, 4);
	case 0x0c: return (uint64_t)da_cursor_signed(c, 8);
	}
	c->bad = true;
	return 0;
}

da_addr da_cursor_encoded(struct da_cursor *c, uint8_t encoding, da_addr data_base)
{
	da_addr here = da_cursor_address(c);
	uint64_t v = encoded_value(c, encoding);

	switch (encoding & 0xf0) {
	case 0x00: break;
	case 0x10: v += here; break;
	case 0x30: v += data_base; break;
	default: c->bad = true;
	}
	return c->image->word == 4 ? (uint32_t)v : v;
}
