/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ds/vec.h"
#include "symbols/symbols.h"

#define HEADER_BYTES 8
#define FRAME_BYTES 20
#define MODULE_BYTES 16
#define WANT_BYTES 12
#define FLUSH_BYTES 65536

/* ---- writing ---- */

void da_wire_writer_init(struct da_wire_writer *w, int fd)
{
	*w = (struct da_wire_writer){.fd = fd};
}

void da_wire_writer_deinit(struct da_wire_writer *w)
{
	da_intern_deinit(&w->sent);
	free(w->buffer);
	*w = (struct da_wire_writer){.fd = -1};
}

void da_wire_flush(struct da_wire_writer *w)
{
	size_t at = 0;

	while (at < w->n && !w->failed) {
		ssize_t n = write(w->fd, w->buffer + at, w->n - at);
		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			w->failed = true;
	}
	w->n = 0;
}

/* Room for a message of @len bytes; returns where its payload goes. */
static uint8_t *begin(struct da_wire_writer *w, enum da_wire_kind kind, size_t len)
{
	if (w->n >= FLUSH_BYTES)
		da_wire_flush(w);
	w->buffer = da_vec_reserve(w->buffer, &w->cap, w->n + HEADER_BYTES + len, 1);
	uint8_t *p = w->buffer + w->n;
	w->n += HEADER_BYTES + len;
	da_store_le32(p, kind);
	da_store_le32(p + 4, (uint32_t)len);
	return p + HEADER_BYTES;
}

static void send_text(struct da_wire_writer *w, enum da_wire_kind kind, const char *text)
{
	size_t len = strnlen(text, DA_WIRE_MAX_TEXT);
	memcpy(begin(w, kind, len), text, len);
}

uint32_t da_wire_string(struct da_wire_writer *w, const char *text)
{
	if (!text)
		return 0;
	size_t before = w->sent.n;
	uint32_t id = da_intern_put_text(&w->sent, text);
	if (w->sent.n != before)
		send_text(w, DA_WIRE_STRING, text);
	return id + 1;
}

void da_wire_frames(struct da_wire_writer *w, uint32_t index, const struct da_wire_frame *frames,
		    size_t n)
{
	if (n > DA_WIRE_MAX_FRAMES)
		n = DA_WIRE_MAX_FRAMES;
	uint8_t *p = begin(w, DA_WIRE_FRAMES, 4 + n * FRAME_BYTES);
	da_store_le32(p, index);
	p += 4;
	for (size_t i = 0; i < n; i++, p += FRAME_BYTES) {
		da_store_le32(p, frames[i].function);
		da_store_le32(p + 4, frames[i].linkage);
		da_store_le32(p + 8, frames[i].file);
		da_store_le32(p + 12, frames[i].line);
		da_store_le32(p + 16, frames[i].flags);
	}
}

void da_wire_module(struct da_wire_writer *w, const struct da_wire_module *module)
{
	uint8_t *p = begin(w, DA_WIRE_MODULE, MODULE_BYTES);

	da_store_le32(p, module->verdict);
	da_store_le32(p + 4, module->file);
	da_store_le32(p + 8, module->debug_file);
	da_store_le32(p + 12, module->flags);
}

void da_wire_note(struct da_wire_writer *w, const char *text)
{
	send_text(w, DA_WIRE_NOTE, text);
}

void da_wire_want(struct da_wire_writer *w, const struct da_wire_want *want)
{
	uint32_t id_len = want->id_len <= DA_WIRE_MAX_ID ? want->id_len : 0;
	uint32_t name_len = want->name_len < DA_WIRE_MAX_TEXT / 2 ? want->name_len : 0;
	uint8_t *p = begin(w, DA_WIRE_WANT, (size_t)WANT_BYTES + id_len + name_len);

	da_store_le32(p, want->alt);
	da_store_le32(p + 4, want->crc);
	da_store_le32(p + 8, id_len);
	if (id_len)
		memcpy(p + WANT_BYTES, want->id, id_len);
	if (name_len)
		memcpy(p + WANT_BYTES + id_len, want->name, name_len);
}

/* ---- reading ---- */

static bool take_text(const uint8_t *p, uint32_t len, struct da_wire_message *out)
{
	if (len > DA_WIRE_MAX_TEXT)
		return false;
	out->text = (const char *)p;
	out->text_len = len;
	return true;
}

struct da_wire_frame da_wire_get_frame(const struct da_wire_message *m, size_t i)
{
	const uint8_t *p = m->frames + i * FRAME_BYTES;

	return (struct da_wire_frame){
		.function = da_load_le32(p),
		.linkage = da_load_le32(p + 4),
		.file = da_load_le32(p + 8),
		.line = da_load_le32(p + 12),
		.flags = da_load_le32(p + 16),
	};
}

static bool take_frames(const struct da_wire_reader *r, const uint8_t *p, uint32_t len,
			size_t n_addresses, struct da_wire_message *out)
{
	if (len < 4 || (len - 4) % FRAME_BYTES || (len - 4) / FRAME_BYTES > DA_WIRE_MAX_FRAMES)
		return false;
	out->index = da_load_le32(p);
	out->frames = p + 4;
	out->n_frames = (len - 4) / FRAME_BYTES;
	if (out->index >= n_addresses)
		return false;
	for (uint32_t i = 0; i < out->n_frames; i++) {
		struct da_wire_frame f = da_wire_get_frame(out, i);
		if (f.function > r->n_strings || f.linkage > r->n_strings ||
		    f.file > r->n_strings || f.flags > DA_WIRE_INLINED)
			return false;
	}
	return true;
}

static bool take_module(const uint8_t *p, uint32_t len, struct da_wire_message *out)
{
	if (len != MODULE_BYTES)
		return false;
	out->module = (struct da_wire_module){
		.verdict = da_load_le32(p),
		.file = da_load_le32(p + 4),
		.debug_file = da_load_le32(p + 8),
		.flags = da_load_le32(p + 12),
	};
	return out->module.verdict <= DA_SYMBOLS_UNVERIFIED &&
	       out->module.flags <= (DA_WIRE_HAS_SYMBOLS | DA_WIRE_HAS_LINES);
}

static bool take_want(const uint8_t *p, uint32_t len, struct da_wire_message *out)
{
	if (len < WANT_BYTES || len > DA_WIRE_MAX_TEXT)
		return false;
	struct da_wire_want *want = &out->want;
	want->id_len = da_load_le32(p + 8);
	if (da_load_le32(p) > 1 || want->id_len > DA_WIRE_MAX_ID ||
	    want->id_len > len - WANT_BYTES)
		return false;
	want->alt = da_load_le32(p);
	want->crc = da_load_le32(p + 4);
	want->id = p + WANT_BYTES;
	want->name = (const char *)p + WANT_BYTES + want->id_len;
	want->name_len = len - WANT_BYTES - want->id_len;
	return true;
}

static bool take_payload(struct da_wire_reader *r, const uint8_t *p, uint32_t len,
			 size_t n_addresses, struct da_wire_message *out)
{
	switch (out->kind) {
	case DA_WIRE_STRING:
		r->n_strings++;
		return take_text(p, len, out);
	case DA_WIRE_FRAMES:
		return take_frames(r, p, len, n_addresses, out);
	case DA_WIRE_MODULE:
		return take_module(p, len, out);
	case DA_WIRE_NOTE:
		return take_text(p, len, out);
	case DA_WIRE_WANT:
		return take_want(p, len, out);
	}
	return false;
}

bool da_wire_next(struct da_wire_reader *r, size_t n_addresses, struct da_wire_message *out)
{
	if (r->n - r->at < HEADER_BYTES)
		return false;
	const uint8_t *p = r->bytes + r->at;
	uint32_t len = da_load_le32(p + 4);
	if (len > r->n - r->at - HEADER_BYTES)
		return false;
	*out = (struct da_wire_message){.kind = (enum da_wire_kind)da_load_le32(p)};
	if (!take_payload(r, p + HEADER_BYTES, len, n_addresses, out))
		return false;
	r->at += HEADER_BYTES + len;
	return true;
}
