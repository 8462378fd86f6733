/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collect/reader.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/crc32.h"
#include "base/fmt.h"
#include "codec/block.h"
#include "ds/mem.h"

#define HEADER_MAX (DA_HEADER_FIXED + DA_HEADER_ATTR_MAX)
#define U(v) ((unsigned long long)(v))

struct da_reader {
	struct da_source *source;
	struct da_header header;
	uint64_t offset; /* of what is read next */
	uint64_t number; /* of the block that is read next */
	bool end_seen; /* the last block was marked as the last */
	bool ended;
	struct da_reader_end end;
	ZSTD_DCtx *zstd;
	uint8_t *stored; /* DA_BLOCK_STORED_MAX */
	uint8_t *raw; /* DA_BLOCK_RAW_MAX */
	uint8_t header_bytes[HEADER_MAX]; /* what header's texts point into */
};

/* Beginnings of files that people pass by mistake, as far as the first 8 bytes tell. */
static const struct {
	const char *magic;
	size_t len;
	const char *what;
} lookalikes[] = {
	{ "\x7f"
	  "ELF",
	  4, "an ELF file: a program, a library or a core dump" },
	{ "\x89"
	  "DALLOC\r",
	  8, "a recording that was transferred in text mode: transfer it as binary" },
	{ "\x09"
	  "DALLOC",
	  7, "a recording that lost its eighth bits in transfer: transfer it as binary" },
	{ "PERFILE2", 8, "data of perf" },
	{ "# callgr", 8, "a Callgrind profile, as dumpalloc report writes it" },
	{ "desc:", 5, "output of massif" },
	{ "heap pro", 8, "a heap profile of gperftools" },
	{ "heap_v2/", 8, "a heap profile of jemalloc" },
	{ "v 10", 4, "data of heaptrack" },
	{ "\xfd"
	  "7zXZ",
	  5, "xz data: decompress it first" },
	{ "BZh", 3, "bzip2 data: decompress it first" },
	{ "PK\x03\x04", 4, "a zip archive: unpack it first" },
	{ "#!", 2, "a script" },
	{ "{", 1, "JSON text" },
};

static const char *looks_like(const uint8_t *p, size_t len)
{
	static const uint8_t zeros[8];

	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++)
		if (len >= lookalikes[i].len && !memcmp(p, lookalikes[i].magic, lookalikes[i].len))
			return lookalikes[i].what;
	if (len >= 8 && !memcmp(p, zeros, 8))
		return "zeros: the file was not written out";
	for (size_t i = 0; i < len; i++)
		if (p[i] >= 0x7f || (p[i] < 0x20 && p[i] != '\n' && p[i] != '\t' && p[i] != '\r'))
			return "other binary data";
	return "text";
}

static bool refuse(const struct da_reader *r, enum da_header_status status, size_t len,
		   uint32_t version, struct da_err *err)
{
	const char *name = da_source_name(r->source), *why = da_source_why(r->source);

	switch (status) {
	case DA_HEADER_FUTURE:
		if (version > DA_FORMAT_VERSION)
			return da_err_set(
				err,
				"cannot read %s: made by a newer version (format %u); this is "
				"dumpalloc " PACKAGE_VERSION ", which reads up to %u",
				name, version, DA_FORMAT_VERSION);
		return da_err_set(err,
				  "cannot read %s: it needs something of format %u that "
				  "dumpalloc " PACKAGE_VERSION
				  " does not know: use a newer version",
				  name, version);
	case DA_HEADER_DAMAGED:
		return da_err_set(err, "cannot read %s: the recording's header is damaged", name);
	case DA_HEADER_SHORT:
		return da_err_set(
			err, "cannot read %s: the recording is cut at byte %llu, in its header%s%s",
			name, U(len), why ? ": " : "", why ? why : "");
	default:
		return da_err_set(err, "cannot read %s: not a dumpalloc recording (looks like %s)",
				  name, looks_like(r->header_bytes, len));
	}
}

static bool read_header(struct da_reader *r, struct da_err *err)
{
	/* the magic alone first: a pipe that holds something else may be slow to say more */
	size_t len = 0, need = DA_HEADER_MAGIC_BYTES, wanted;
	uint32_t version = 0;
	enum da_header_status status;

	do {
		wanted = need;
		len += da_source_read(r->source, r->header_bytes + len, wanted - len);
		status = da_header_get(r->header_bytes, len, &r->header, &need, &version);
	} while (status == DA_HEADER_SHORT && len == wanted);
	if (status != DA_HEADER_OK)
		return refuse(r, status, len, version, err);
	r->offset = len;
	return true;
}

bool da_reader_create(struct da_source *s, struct da_reader **out, struct da_err *err)
{
	struct da_reader *r = da_xcalloc(1, sizeof(*r));

	r->source = s;
	r->zstd = ZSTD_createDCtx();
	r->stored = da_xmalloc(DA_BLOCK_STORED_MAX);
	r->raw = da_xmalloc(DA_BLOCK_RAW_MAX);
	if (!r->zstd || !read_header(r, err)) {
		if (!r->zstd)
			da_err_set(err, "cannot read %s: zstd does not start", da_source_name(s));
		da_reader_destroy(r);
		return false;
	}
	*out = r;
	return true;
}

void da_reader_destroy(struct da_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->zstd);
	free(r->stored);
	free(r->raw);
	free(r);
}

const struct da_header *da_reader_header(const struct da_reader *r)
{
	return &r->header;
}

const struct da_reader_end *da_reader_end(const struct da_reader *r)
{
	return &r->end;
}

/* End before the block that is being read. */
static bool end_here(struct da_reader *r, bool complete, bool clean)
{
	r->ended = true;
	r->end.complete = complete;
	r->end.clean = clean;
	r->end.byte = r->offset;
	r->end.block = r->number;
	return false;
}

static bool end_cut(struct da_reader *r, size_t got)
{
	const char *why = da_source_why(r->source);

	da_fmt(r->end.text, sizeof(r->end.text), "cut in block %llu at byte %llu%s%s", U(r->number),
	       U(r->offset + got), why ? ": " : "", why ? why : "");
	return end_here(r, false, false);
}

static bool end_damaged(struct da_reader *r, const char *why)
{
	da_fmt(r->end.text, sizeof(r->end.text), "block %llu at byte %llu is damaged: %s",
	       U(r->number), U(r->offset), why);
	return end_here(r, false, false);
}

/* Nothing more, at a block's border. */
static bool end_at_border(struct da_reader *r)
{
	const char *why = da_source_why(r->source);

	if (why)
		return end_cut(r, 0);
	if (!r->end_seen)
		da_fmt(r->end.text, sizeof(r->end.text),
		       "no end mark: the recording stops at byte %llu, after %llu block%s",
		       U(r->offset), U(r->number), r->number == 1 ? "" : "s");
	return end_here(r, r->end_seen, true);
}

/* NULL when the @len bytes at @p are one zstd frame as blocks may hold it: nothing before or behind
 * it, its content's size stated, no dictionary, a small window (RFC 8878, section 3.1.1). */
static const char *check_frame(const uint8_t *p, size_t len, size_t raw_len)
{
	if (len < 6 || p[0] != 0x28 || p[1] != 0xb5 || p[2] != 0x2f || p[3] != 0xfd)
		return "not a zstd frame";
	if (!(p[4] & 0x20) && p[5] > (DA_BLOCK_WINDOW_LOG_MAX - 10) << 3)
		return "zstd window too large";
	if (p[4] & 3)
		return "zstd frame with a dictionary";
	if (ZSTD_getFrameContentSize(p, len) != raw_len)
		return "zstd frame of another size than its block says";
	if (ZSTD_findFrameCompressedSize(p, len) != len)
		return "not exactly one zstd frame";
	return NULL;
}

static const char *decompress(struct da_reader *r, const struct da_block *b)
{
	const char *why = check_frame(r->stored, b->stored_len, b->raw_len);
	size_t n;

	if (why)
		return why;
	n = ZSTD_decompressDCtx(r->zstd, r->raw, b->raw_len, r->stored, b->stored_len);
	if (ZSTD_isError(n) || n != b->raw_len)
		return "zstd data do not decompress";
	return NULL;
}

/* Read the rest of the block whose header is @b. @return NULL when it is good. */
static const char *check_block(struct da_reader *r, const struct da_block *b)
{
	if (da_crc32(0, r->stored, b->stored_len) != b->crc)
		return "wrong checksum";
	if (b->seq != r->number)
		return b->seq > r->number ? "blocks before it are missing" : "it is a repetition";
	return b->codec == DA_BLOCK_ZSTD ? decompress(r, b) : NULL;
}

bool da_reader_next(struct da_reader *r, struct da_reader_block *out)
{
	uint8_t head[DA_BLOCK_HEADER];
	struct da_block b;
	const char *why;
	size_t got;

	if (r->ended)
		return false;
	got = da_source_read(r->source, head, sizeof(head));
	if (!got)
		return end_at_border(r);
	if (got < sizeof(head))
		return end_cut(r, got);
	why = da_block_get(head, &b);
	if (why)
		return end_damaged(r, why);
	got = da_source_read(r->source, r->stored, b.stored_len);
	if (got < b.stored_len)
		return end_cut(r, sizeof(head) + got);
	why = check_block(r, &b);
	if (why)
		return end_damaged(r, why);
	*out = (struct da_reader_block){
		.raw = b.codec == DA_BLOCK_ZSTD ? r->raw : r->stored,
		.len = b.raw_len,
		.offset = r->offset,
		.number = r->number++,
	};
	r->offset += sizeof(head) + b.stored_len;
	r->end_seen = b.end;
	return true;
}

void da_reader_reject(struct da_reader *r, const struct da_reader_block *block, const char *why)
{
	r->offset = block->offset;
	r->number = block->number;
	end_damaged(r, why);
}
