/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/header.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "codec/varint.h"

#define CMDLINE_MAX 32768u

/* A bounded output; @full once something did not fit. */
struct out {
	uint8_t *p, *end;
	bool full;
};

static void put_bytes(struct out *o, uint32_t tag, const void *bytes, uint32_t len)
{
	if (o->full || (size_t)(o->end - o->p) < 2 * DA_VARINT_MAX + len) {
		o->full = true;
		return;
	}
	o->p = da_varint_put(da_varint_put(o->p, tag), len);
	da_copy(o->p, bytes, len);
	o->p += len;
}

static void put_number(struct out *o, uint32_t tag, uint64_t v)
{
	uint8_t b[DA_VARINT_MAX];

	put_bytes(o, tag, b, (uint32_t)(da_varint_put(b, v) - b));
}

static void put_text(struct out *o, uint32_t tag, const struct da_text *t, uint32_t max)
{
	if (t->len)
		put_bytes(o, tag, t->bytes, t->len < max ? t->len : max);
}

static void put_attributes(struct out *o, const struct da_header *h)
{
	put_number(o, DA_ATTR_MACHINE, h->machine);
	put_number(o, DA_ATTR_WORD_BITS, h->word_bits);
	put_number(o, DA_ATTR_BIG_ENDIAN, h->big_endian);
	put_number(o, DA_ATTR_ELF_FLAGS, h->elf_flags);
	put_number(o, DA_ATTR_PAGE_SIZE, h->page_size);
	put_number(o, DA_ATTR_PID, h->pid);
	put_text(o, DA_ATTR_PROGRAM, &h->program, DA_STREAM_MAX_TEXT);
	put_text(o, DA_ATTR_CMDLINE, &h->cmdline, CMDLINE_MAX);
	put_number(o, DA_ATTR_START_WALL, h->start_wall_ns);
	put_text(o, DA_ATTR_VERSION, &h->version, DA_STREAM_MAX_TEXT);
	put_text(o, DA_ATTR_HOST, &h->host, DA_STREAM_MAX_TEXT);
	put_text(o, DA_ATTR_KERNEL, &h->kernel, DA_STREAM_MAX_TEXT);
	put_number(o, DA_ATTR_DIRECT, h->direct);
	put_number(o, DA_ATTR_UNWIND, h->unwind);
	put_number(o, DA_ATTR_DEPTH, h->depth);
	put_number(o, DA_ATTR_STACKS_ALLOC, h->stacks_alloc_only);
	put_number(o, DA_ATTR_MIN_SIZE, h->min_size);
	put_number(o, DA_ATTR_MAX_SIZE, h->max_size);
	if (h->parent_pid)
		put_number(o, DA_ATTR_PARENT, h->parent_pid);
	if (h->sample)
		put_number(o, DA_ATTR_SAMPLE, h->sample);
}

size_t da_header_put(const struct da_header *h, uint8_t *out, size_t size)
{
	struct out o = { .p = out + DA_HEADER_FIXED, .end = out + size };
	size_t attr;

	if (size < DA_HEADER_FIXED)
		return 0;
	put_attributes(&o, h);
	attr = (size_t)(o.p - out) - DA_HEADER_FIXED;
	if (o.full || attr > DA_HEADER_ATTR_MAX)
		return 0;
	da_copy(out, DA_HEADER_MAGIC, DA_HEADER_MAGIC_BYTES);
	da_store_le16(out + 8, DA_FORMAT_VERSION);
	da_store_le16(out + 10, 0);
	da_store_le32(out + 12, (uint32_t)attr);
	da_store_le32(out + 16, 0);
	da_store_le32(out + 20, da_crc32(da_crc32(0, out, 20), out + DA_HEADER_FIXED, attr));
	return DA_HEADER_FIXED + attr;
}

static void set_number(struct da_header *h, uint64_t tag, uint64_t v)
{
	switch (tag) {
	case DA_ATTR_MACHINE: h->machine = (uint32_t)v; break;
	case DA_ATTR_WORD_BITS: h->word_bits = (uint32_t)v; break;
	case DA_ATTR_BIG_ENDIAN: h->big_endian = v; break;
	case DA_ATTR_ELF_FLAGS: h->elf_flags = (uint32_t)v; break;
	case DA_ATTR_PAGE_SIZE: h->page_size = (uint32_t)v; break;
	case DA_ATTR_PID: h->pid = (uint32_t)v; break;
	case DA_ATTR_START_WALL: h->start_wall_ns = v; break;
	case DA_ATTR_DIRECT: h->direct = v; break;
	case DA_ATTR_UNWIND: h->unwind = (uint32_t)v; break;
	case DA_ATTR_DEPTH: h->depth = (uint32_t)v; break;
	case DA_ATTR_STACKS_ALLOC: h->stacks_alloc_only = v; break;
	case DA_ATTR_MIN_SIZE: h->min_size = v; break;
	case DA_ATTR_MAX_SIZE: h->max_size = v; break;
	case DA_ATTR_PARENT: h->parent_pid = (uint32_t)v; break;
	case DA_ATTR_SAMPLE:
		h->sample = v < DA_STREAM_MAX_SAMPLE ? (uint32_t)v : DA_STREAM_MAX_SAMPLE;
		break;
	default: break;
	}
}

static struct da_text *text_of(struct da_header *h, uint64_t tag)
{
	switch (tag) {
	case DA_ATTR_PROGRAM: return &h->program;
	case DA_ATTR_CMDLINE: return &h->cmdline;
	case DA_ATTR_VERSION: return &h->version;
	case DA_ATTR_HOST: return &h->host;
	case DA_ATTR_KERNEL: return &h->kernel;
	default: return NULL;
	}
}

static bool get_attributes(const uint8_t *p, const uint8_t *end, struct da_header *h)
{
	while (p < end) {
		uint64_t tag, len, v;
		struct da_text *text;

		p = da_varint_get(p, end, &tag);
		p = p ? da_varint_get(p, end, &len) : NULL;
		if (!p || len > (size_t)(end - p))
			return false;
		text = text_of(h, tag);
		if (text)
			*text = (struct da_text){ (const char *)p, (uint32_t)len };
		else if (da_varint_get(p, p + len, &v) == p + len)
			set_number(h, tag, v);
		p += len;
	}
	return true;
}

enum da_header_status da_header_get(const uint8_t *in, size_t len, struct da_header *h_out,
				    size_t *need_out, uint32_t *version_out)
{
	size_t magic = len < DA_HEADER_MAGIC_BYTES ? len : DA_HEADER_MAGIC_BYTES;
	uint32_t attr;

	*need_out = DA_HEADER_FIXED;
	if (!da_bytes_equal(in, DA_HEADER_MAGIC, magic))
		return DA_HEADER_NOT_RECORDING;
	if (len < DA_HEADER_FIXED)
		return DA_HEADER_SHORT;
	*version_out = da_load_le16(in + 8);
	if (*version_out != DA_FORMAT_VERSION || da_load_le16(in + 10) || da_load_le32(in + 16))
		return DA_HEADER_FUTURE;
	attr = da_load_le32(in + 12);
	if (attr > DA_HEADER_ATTR_MAX)
		return DA_HEADER_DAMAGED;
	*need_out = DA_HEADER_FIXED + attr;
	if (len < *need_out)
		return DA_HEADER_SHORT;
	if (da_load_le32(in + 20) != da_crc32(da_crc32(0, in, 20), in + DA_HEADER_FIXED, attr))
		return DA_HEADER_DAMAGED;
	*h_out = (struct da_header){ .max_size = UINT64_MAX };
	return get_attributes(in + DA_HEADER_FIXED, in + *need_out, h_out) ? DA_HEADER_OK :
									     DA_HEADER_DAMAGED;
}
