/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/block.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "codec/varint.h"

#define CODEC_MASK 0x0fu
#define END_FLAG 0x10u

void da_block_put(const struct da_block *b, uint8_t *out)
{
	da_store_le32(out, DA_BLOCK_MAGIC);
	da_store_le32(out + 4, b->stored_len);
	da_store_le32(out + 8, b->raw_len);
	da_store_le16(out + 12, (uint16_t)(b->codec | (b->end ? END_FLAG : 0)));
	da_store_le16(out + 14, 0);
	da_store_le64(out + 16, b->seq);
	da_store_le32(out + 24, b->crc);
	da_store_le32(out + 28, da_crc32(0, out, 28));
}

const char *da_block_get(const uint8_t *in, struct da_block *b_out)
{
	uint32_t flags = da_load_le16(in + 12);

	if (da_load_le32(in) != DA_BLOCK_MAGIC)
		return "no block begins here";
	if (da_load_le32(in + 28) != da_crc32(0, in, 28))
		return "block header checksum does not match";
	if (da_load_le16(in + 14) || flags & ~(CODEC_MASK | END_FLAG) ||
	    (flags & CODEC_MASK) > DA_BLOCK_ZSTD)
		return "unknown block flags";
	b_out->stored_len = da_load_le32(in + 4);
	b_out->raw_len = da_load_le32(in + 8);
	b_out->codec = (enum da_block_codec)(flags & CODEC_MASK);
	b_out->end = flags & END_FLAG;
	b_out->seq = da_load_le64(in + 16);
	b_out->crc = da_load_le32(in + 24);
	if (b_out->stored_len > DA_BLOCK_STORED_MAX || b_out->raw_len > DA_BLOCK_RAW_MAX)
		return "block length out of range";
	if (b_out->codec == DA_BLOCK_RAW && b_out->stored_len != b_out->raw_len)
		return "block lengths disagree";
	return NULL;
}

bool da_fragment_next(const uint8_t **p, const uint8_t *end, struct da_fragment *out)
{
	const uint8_t *q = *p;
	uint64_t thread, len;

	if (q == end)
		return false;
	q = da_varint_get(q, end, &thread);
	if (!q || thread > DA_STREAM_MAX_THREADS)
		return false;
	q = da_varint_get(q, end, &len);
	if (!q || len > (size_t)(end - q))
		return false;
	*out = (struct da_fragment){ .thread = thread, .bytes = q, .len = (size_t)len };
	*p = q + len;
	return true;
}

uint8_t *da_fragment_put(uint8_t *p, uint64_t thread, size_t len)
{
	return da_varint_put(da_varint_put(p, thread), len);
}
