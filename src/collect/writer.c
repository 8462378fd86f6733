/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "codec/block.h"
#include "codec/encode.h"
#include "collect/send.h"
#include "ds/mem.h"

#define RAW_BYTES DA_WRITER_PACKED_BYTES
#define HEADER_ROOM (DA_HEADER_FIXED + DA_HEADER_ATTR_MAX)
/* How long the end of a run waits for the receiver to take the rest. */
#define CLOSE_MS 10000u
#define META_MAX 128

/* One unit to all outputs; those that fail are closed. */
static void emit(struct da_writer *w, const uint8_t *bytes, size_t n)
{
	if (w->out.store.fd >= 0 && !da_store_write(&w->out.store, bytes, n, &w->error))
		w->has_error = w->is_cut = true;
	if (w->out.socket >= 0 && !da_send_all(w->out.socket, bytes, n, &w->error)) {
		close(w->out.socket);
		w->out.socket = -1;
		w->has_error = w->is_unsent = true;
	}
	w->total_bytes += n;
}

void da_writer_init(struct da_writer *w, const struct da_writer_outputs *out,
		    struct da_compressor *compressor, uint8_t *packed, const struct da_header *h)
{
	memset(w, 0, sizeof *w);
	w->out = *out;
	w->compressor = compressor;
	w->packed = packed;
	w->raw = da_xmalloc(RAW_BYTES);
	emit(w, w->raw, da_header_put(h, w->raw, HEADER_ROOM));
}

static void write_block(struct da_writer *w, bool end)
{
	uint8_t *unit = w->raw;
	struct da_block b = { .raw_len = (uint32_t)w->raw_len, .end = end, .seq = w->seq++ };
	size_t packed = da_compressor_run(w->compressor, w->raw + DA_BLOCK_HEADER, w->raw_len,
					  w->packed + DA_BLOCK_HEADER, w->raw_len);

	b.stored_len = b.raw_len;
	if (packed) {
		unit = w->packed;
		b.codec = DA_BLOCK_ZSTD;
		b.stored_len = (uint32_t)packed;
	}
	b.crc = da_crc32(0, unit + DA_BLOCK_HEADER, b.stored_len);
	da_block_put(&b, unit);
	emit(w, unit, DA_BLOCK_HEADER + b.stored_len);
	w->raw_len = 0;
}

void da_writer_flush(struct da_writer *w)
{
	if (w->raw_len)
		write_block(w, false);
}

void da_writer_put(struct da_writer *w, uint64_t thread, const uint8_t *bytes, size_t len)
{
	uint8_t *start = w->raw + DA_BLOCK_HEADER, *p;

	if (w->raw_len && w->raw_len + DA_FRAGMENT_HEADER_MAX + len > DA_WRITER_BLOCK_RAW)
		write_block(w, false);
	p = da_fragment_put(start + w->raw_len, thread, len);
	memcpy(p, bytes, len);
	w->raw_len = (size_t)(p + len - start);
}

void da_writer_put_meta(struct da_writer *w, enum da_ext ext, const uint64_t *numbers, unsigned n)
{
	uint8_t buf[META_MAX];

	da_writer_put(w, 0, buf, (size_t)(da_encode_numbers(buf, ext, numbers, n) - buf));
}

void da_writer_put_name(struct da_writer *w, uint64_t thread, const char *name, size_t len)
{
	uint8_t buf[DA_ENCODE_TEXT_MAX(64) + DA_FRAGMENT_HEADER_MAX];

	if (len > 64)
		len = 64;
	da_writer_put(w, 0, buf,
		      (size_t)(da_encode_name_of(buf, thread, name, (uint32_t)len) - buf));
}

void da_writer_put_note(struct da_writer *w, const char *text)
{
	uint8_t buf[DA_ENCODE_TEXT_MAX(DA_ERR_TEXT)];
	size_t len = strnlen(text, DA_ERR_TEXT);

	da_writer_put(w, 0, buf,
		      (size_t)(da_encode_text(buf, DA_EXT_NOTE, text, (uint32_t)len) - buf));
}

bool da_writer_is_dead(const struct da_writer *w)
{
	return w->out.store.fd < 0 && w->out.socket < 0;
}

void da_writer_deinit(struct da_writer *w)
{
	write_block(w, true);
	if (w->out.store.fd >= 0 && !da_store_close(&w->out.store, &w->error))
		w->has_error = w->is_cut = true;
	if (w->out.socket >= 0)
		da_send_close(w->out.socket, CLOSE_MS);
	w->out.socket = -1;
	free(w->raw);
	w->raw = NULL;
}
