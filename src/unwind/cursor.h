/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Bounded reading of a module's bytes: hostile input ends in a flag, never in a wild read. */
#ifndef DA_UNWIND_CURSOR_H
#define DA_UNWIND_CURSOR_H

#include "base/bytes.h"
#include "base/types.h"

/** Bytes that stand for the addresses [lo, lo + size) of a target. */
struct da_image {
	const uint8_t *bytes;
	da_addr lo;
	size_t size;
	bool big_endian;
	/** Width of an address in the target: 4 or 8 bytes. */
	uint8_t word;
};

/**
 * A position in an image. A read that does not fit yields 0, sets @bad, and so do all reads after
 * it; check @bad before using what was read.
 */
struct da_cursor {
	const struct da_image *image;
	/** Offset in the image of the next byte, and of the first one not to be read. */
	size_t at, end;
	bool bad;
};

/** Start reading at the address @at, up to (not including) the address @end. Outside: bad. */
void da_cursor_init(struct da_cursor *c, const struct da_image *image, da_addr at, da_addr end);

/** The address of the next byte. */
da_addr da_cursor_address(const struct da_cursor *c);

/** Whether nothing is left to read, be it because of an error. */
static inline bool da_cursor_at_end(const struct da_cursor *c)
{
	return c->bad || c->at >= c->end;
}

/** Pass over @n bytes. @return false when that is bad. */
static inline bool da_cursor_skip(struct da_cursor *c, uint64_t n)
{
	if (c->bad || n > c->end - c->at) {
		c->bad = true;
		return false;
	}
	c->at += (size_t)n;
	return true;
}

/** Read a byte: what call frame instructions are made of. */
static inline uint8_t da_cursor_byte(struct da_cursor *c)
{
	const uint8_t *b = c->image->bytes + c->at;

	return da_cursor_skip(c, 1) ? *b : 0;
}

/** Read an unsigned integer of @n bytes (1, 2, 4 or 8) in the image's byte order. */
uint64_t da_cursor_unsigned(struct da_cursor *c, unsigned n);

/** Read a signed integer of @n bytes. */
int64_t da_cursor_signed(struct da_cursor *c, unsigned n);

/** Read a LEB128 number; bits beyond 64 are dropped, more than 10 bytes are bad. */
uint64_t da_cursor_uleb_long(struct da_cursor *c);

/** The same; most have one byte. */
static inline uint64_t da_cursor_uleb(struct da_cursor *c)
{
	const uint8_t *b = c->image->bytes + c->at;

	if (da_cursor_at_end(c) || *b & 0x80)
		return da_cursor_uleb_long(c);
	c->at++;
	return *b;
}

/** The same for signed numbers. */
int64_t da_cursor_sleb(struct da_cursor *c);

/** "No value": DW_EH_PE_omit. */
#define DA_ENCODING_OMIT 0xff

/**
 * Read a pointer in a DW_EH_PE_* @encoding (LSB 5.0 Core, section 10.5.1): all formats; absolute,
 * pc-relative and data-relative (to @data_base). Others, and indirect ones, are bad.
 */
da_addr da_cursor_encoded(struct da_cursor *c, uint8_t encoding, da_addr data_base);

#endif
