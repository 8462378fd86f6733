/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Makes recordings for tests and benchmarks: calls in, fragments out. */
#ifndef DA_TESTS_STREAM_H
#define DA_TESTS_STREAM_H

#include "codec/encode.h"
#include "codec/header.h"

#define STREAM_THREADS 64
#define STREAM_FRAMES 64

/** Takes each fragment. */
typedef void (*stream_fn)(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len);

struct stream_thread {
	struct da_encoder encoder;
	struct da_named_index named;
	struct da_named_large large;
	uintptr_t frames[STREAM_FRAMES];
	uint8_t exact[STREAM_FRAMES];
	uint8_t *bytes; /**< not yet handed over */
	size_t len, cap;
};

/** Zero-filled, then @take and @ctx. Threads are 0 … STREAM_THREADS - 1; 0 is the meta stream. */
struct stream {
	struct stream_thread threads[STREAM_THREADS];
	uint64_t order; /**< last key given out */
	stream_fn take;
	void *ctx;
};

/** Hand over what @thread has said. */
void stream_flush(struct stream *s, uint32_t thread);

/** Hand over everything, then a watermark behind it. */
void stream_sync(struct stream *s);

/** Free its memory. */
void stream_deinit(struct stream *s);

/** Room for @len more bytes of @thread; stream_put() says how many were used. */
uint8_t *stream_room(struct stream *s, uint32_t thread, size_t len);
void stream_put(struct stream *s, uint32_t thread, const uint8_t *end);

/** Events with the next order key. @stack: an id that stream_stack() gave for this thread, or 0. */
void stream_alloc(struct stream *s, uint32_t thread, da_addr addr, uint64_t size, uint64_t stack);
void stream_free(struct stream *s, uint32_t thread, da_addr addr, uint64_t stack);
void stream_fail(struct stream *s, uint32_t thread, uint64_t size, uint64_t stack);

/** A realloc whose halves take the next two keys. */
void stream_realloc(struct stream *s, uint32_t thread, const struct da_event *event);

/** Any heap event, with its own keys. */
void stream_event(struct stream *s, uint32_t thread, const struct da_event *event);

/** Define a stack of @n frames, innermost first. @return its id. */
uint64_t stream_stack(struct stream *s, uint32_t thread, const uintptr_t *pcs, uint32_t n);

/** stream_stack() of a walk that ended so, with exact[i] set where the bit i of @exact is. */
uint64_t stream_stack_end(struct stream *s, uint32_t thread, const struct da_encode_frames *f);

/** An extended event of numbers. */
void stream_numbers(struct stream *s, uint32_t thread, enum da_ext ext, unsigned n, ...);

/** A thread's name. */
void stream_name(struct stream *s, uint32_t thread, const char *name);

/** MODULE_LOAD of one segment of @bytes bytes at vaddr 0, with the next key. */
void stream_load(struct stream *s, uint32_t thread, uint64_t id, da_addr bias, uint64_t bytes,
		 const char *path);
void stream_unload(struct stream *s, uint32_t thread, uint64_t id);

/** Bytes of a recording. */
struct stream_file {
	uint8_t *bytes;
	size_t len, cap;
	uint64_t n_blocks;
};

/** Begin a file with a header (fields as given). */
void stream_file_header(struct stream_file *f, const struct da_header *h);

/** Add a block of @len payload bytes, zstd-compressed when @zstd. */
void stream_file_block(struct stream_file *f, const uint8_t *raw, size_t len, bool zstd, bool end);

#endif
