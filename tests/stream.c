/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/crc32.h"
#include "codec/block.h"
#include "ds/mem.h"
#include "ds/vec.h"

void stream_flush(struct stream *s, uint32_t thread)
{
	struct stream_thread *t = &s->threads[thread];

	if (t->len)
		s->take(s->ctx, thread, t->bytes, t->len);
	t->len = 0;
}

void stream_sync(struct stream *s)
{
	for (uint32_t i = 1; i < STREAM_THREADS; i++)
		stream_flush(s, i);
	stream_numbers(s, 0, DA_EXT_WATERMARK, 1, s->order + 1);
	stream_flush(s, 0);
}

void stream_deinit(struct stream *s)
{
	for (uint32_t i = 0; i < STREAM_THREADS; i++)
		free(s->threads[i].bytes);
}

uint8_t *stream_room(struct stream *s, uint32_t thread, size_t len)
{
	struct stream_thread *t = &s->threads[thread];

	t->bytes = da_vec_reserve(t->bytes, &t->cap, t->len + len, 1);
	return t->bytes + t->len;
}

void stream_put(struct stream *s, uint32_t thread, const uint8_t *end)
{
	s->threads[thread].len = (size_t)(end - s->threads[thread].bytes);
}

void stream_event(struct stream *s, uint32_t thread, const struct da_event *event)
{
	struct da_encoder *e = &s->threads[thread].encoder;
	uint8_t *p = stream_room(s, thread, DA_ENCODE_EVENT_MAX);

	if (!e->named)
		da_named_init(e->named = &s->threads[thread].named, &s->threads[thread].large);
	switch (event->kind) {
	case DA_KIND_FREE: p = da_encode_free(e, p, event); break;
	case DA_KIND_REALLOC: p = da_encode_realloc(e, p, event); break;
	default: p = da_encode_alloc(e, p, event);
	}
	stream_put(s, thread, p);
}

void stream_alloc(struct stream *s, uint32_t thread, da_addr addr, uint64_t size, uint64_t stack)
{
	struct da_event e = {
		.kind = DA_KIND_ALLOC,
		.func = DA_FUNC_MALLOC,
		.order = ++s->order,
		.addr = addr,
		.size = size,
		.stack = stack,
	};

	stream_event(s, thread, &e);
}

void stream_free(struct stream *s, uint32_t thread, da_addr addr, uint64_t stack)
{
	struct da_event e = {
		.kind = DA_KIND_FREE,
		.func = DA_FUNC_FREE,
		.order = ++s->order,
		.addr = addr,
		.stack = stack,
	};

	stream_event(s, thread, &e);
}

void stream_fail(struct stream *s, uint32_t thread, uint64_t size, uint64_t stack)
{
	struct da_event e = {
		.kind = DA_KIND_FAIL,
		.func = DA_FUNC_CALLOC,
		.order = ++s->order,
		.size = size,
		.stack = stack,
	};

	stream_event(s, thread, &e);
}

void stream_realloc(struct stream *s, uint32_t thread, const struct da_event *event)
{
	struct da_event e = *event;

	e.kind = DA_KIND_REALLOC;
	e.func = DA_FUNC_REALLOC;
	e.order = ++s->order;
	e.order_acquired = ++s->order;
	stream_event(s, thread, &e);
}

uint64_t stream_stack_end(struct stream *s, uint32_t thread, const struct da_encode_frames *f)
{
	struct stream_thread *t = &s->threads[thread];
	uint8_t *p = stream_room(s, thread, DA_ENCODE_STACK_MAX(f->n));
	uintptr_t pcs[STREAM_FRAMES];
	uint8_t exact[STREAM_FRAMES];
	struct da_encode_frames outward = { pcs, exact, f->n, f->end };

	for (uint32_t i = 0; i < f->n; i++) {
		pcs[i] = f->pcs[f->n - 1 - i];
		exact[i] = f->exact[f->n - 1 - i];
	}
	t->encoder.frames = t->frames;
	t->encoder.exact = t->exact;
	stream_put(s, thread, da_encode_stack(&t->encoder, p, &outward));
	return t->encoder.n_stacks;
}

uint64_t stream_stack(struct stream *s, uint32_t thread, const uintptr_t *pcs, uint32_t n)
{
	static const uint8_t exact[STREAM_FRAMES];
	struct da_encode_frames f = { .pcs = pcs, .exact = exact, .n = n };

	return stream_stack_end(s, thread, &f);
}

void stream_numbers(struct stream *s, uint32_t thread, enum da_ext ext, unsigned n, ...)
{
	uint64_t numbers[8];
	va_list ap;

	va_start(ap, n);
	for (unsigned i = 0; i < n; i++)
		numbers[i] = va_arg(ap, uint64_t);
	va_end(ap);
	stream_put(s, thread,
		   da_encode_numbers(stream_room(s, thread, DA_ENCODE_EVENT_MAX), ext, numbers, n));
}

void stream_name(struct stream *s, uint32_t thread, const char *name)
{
	uint32_t len = (uint32_t)strlen(name);
	uint8_t *p = stream_room(s, thread, DA_ENCODE_TEXT_MAX(len));

	stream_put(s, thread, da_encode_text(p, DA_EXT_THREAD_NAME, name, len));
}

void stream_load(struct stream *s, uint32_t thread, uint64_t id, da_addr bias, uint64_t bytes,
		 const char *path)
{
	struct da_segment segment = { .memsz = bytes, .filesz = bytes, .flags = 5 };
	struct da_event e = {
		.kind = DA_KIND_EXT,
		.ext = DA_EXT_MODULE_LOAD,
		.order = ++s->order,
		.module = {
			.id = id,
			.bias = bias,
			.path = path,
			.path_len = (uint32_t)strlen(path),
			.build_id = (const uint8_t *)path,
			.build_id_len = 4,
			.n_segments = 1,
			.segments = &segment,
		},
	};
	uint8_t *p = stream_room(s, thread, DA_ENCODE_MODULE_MAX(e.module.path_len, 1));

	stream_put(s, thread, da_encode_module(&s->threads[thread].encoder, p, &e));
}

void stream_unload(struct stream *s, uint32_t thread, uint64_t id)
{
	struct da_event e = {
		.kind = DA_KIND_EXT,
		.ext = DA_EXT_MODULE_UNLOAD,
		.order = ++s->order,
		.module.id = id,
	};
	uint8_t *p = stream_room(s, thread, DA_ENCODE_EVENT_MAX);

	stream_put(s, thread, da_encode_unload(&s->threads[thread].encoder, p, &e));
}

static uint8_t *file_room(struct stream_file *f, size_t len)
{
	f->bytes = da_vec_reserve(f->bytes, &f->cap, f->len + len, 1);
	return f->bytes + f->len;
}

void stream_file_header(struct stream_file *f, const struct da_header *h)
{
	size_t max = DA_HEADER_FIXED + DA_HEADER_ATTR_MAX;

	f->len += da_header_put(h, file_room(f, max), max);
}

void stream_file_block(struct stream_file *f, const uint8_t *raw, size_t len, bool zstd, bool end)
{
	uint8_t *p = file_room(f, DA_BLOCK_HEADER + ZSTD_compressBound(len));
	uint8_t *payload = p + DA_BLOCK_HEADER;
	struct da_block b = {
		.raw_len = (uint32_t)len,
		.stored_len = (uint32_t)len,
		.codec = zstd ? DA_BLOCK_ZSTD : DA_BLOCK_RAW,
		.end = end,
		.seq = f->n_blocks++,
	};

	if (zstd)
		b.stored_len =
			(uint32_t)ZSTD_compress(payload, ZSTD_compressBound(len), raw, len, 1);
	else
		memcpy(payload, raw, len);
	b.crc = da_crc32(0, payload, b.stored_len);
	da_block_put(&b, p);
	f->len += DA_BLOCK_HEADER + b.stored_len;
}
