/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Events to bytes, the mirror of codec/decode.h. Runs inside malloc: no loop but over the bytes it
 * writes and, for a new stack, its frames.
 */
#ifndef DA_CODEC_ENCODE_H
#define DA_CODEC_ENCODE_H

#include "base/types.h"
#include "codec/decode.h"
#include "codec/format.h"
#include "codec/named.h"

/** Most bytes of an ALLOC, FREE, REALLOC, FAIL, CLOCK, THREAD or THREAD_END. */
#define DA_ENCODE_EVENT_MAX 64
/** Most bytes of a new stack of @n frames, and of a text or a module. */
#define DA_ENCODE_STACK_MAX(n) (24u + 10u * (n))
#define DA_ENCODE_TEXT_MAX(n) (24u + (n))
#define DA_ENCODE_MODULE_MAX(path, segments) \
	(160u + (path) + DA_STREAM_MAX_BUILD_ID + 41u * (segments))

/** What a thread's decoder will know after the bytes written so far. Zero-filled is the start. */
struct da_encoder {
	uint64_t order;
	da_addr last_addr;
	/** The caller's, empty at first; NULL: all addresses by differences. */
	struct da_named_index *named;
	uint64_t last_size;
	uint32_t last_stack[5]; /**< by enum da_kind */
	uint32_t n_stacks; /**< stacks defined: the id of the last one */
	/** Frames of the stack defined last, outermost first; the caller's arrays of its depth. */
	uintptr_t *frames;
	uint8_t *exact;
	uint32_t depth;
};

/** ALLOC, or FAIL when @kind says so (then @addr is ignored). @return the byte after the event. */
uint8_t *da_encode_alloc(struct da_encoder *e, uint8_t *p, const struct da_event *event);

/** FREE: uses event->order, addr, func, stack. */
uint8_t *da_encode_free(struct da_encoder *e, uint8_t *p, const struct da_event *event);

/** REALLOC: uses event->order, order_acquired, old_addr, addr, size, func, stack. */
uint8_t *da_encode_realloc(struct da_encoder *e, uint8_t *p, const struct da_event *event);

/** A stack to define: return addresses outermost first, as the unwinder leaves them. */
struct da_encode_frames {
	const uintptr_t *pcs;
	const uint8_t *exact;
	uint32_t n;
	uint8_t end; /**< enum da_unwind_end */
};

/**
 * Define the thread's next stack: e->n_stacks becomes its id.
 * Needs DA_ENCODE_STACK_MAX(n) bytes at @p unless da_encode_stack_bytes() says less.
 */
uint8_t *da_encode_stack(struct da_encoder *e, uint8_t *p, const struct da_encode_frames *f);

/** An upper bound of the bytes that da_encode_stack() would write now. */
size_t da_encode_stack_bytes(const struct da_encoder *e, const struct da_encode_frames *f);

/** MODULE_LOAD from event->module and event->order. */
uint8_t *da_encode_module(struct da_encoder *e, uint8_t *p, const struct da_event *event);

/** MODULE_UNLOAD of event->module.id at event->order. */
uint8_t *da_encode_unload(struct da_encoder *e, uint8_t *p, const struct da_event *event);

/** An extended event of @n numbers: THREAD, CLOCK, THREAD_END, WATERMARK, RSS, LOST, END. */
uint8_t *da_encode_numbers(uint8_t *p, enum da_ext ext, const uint64_t *numbers, unsigned n);

/** THREAD_NAME or NOTE: @len <= DA_STREAM_MAX_TEXT bytes. */
uint8_t *da_encode_text(uint8_t *p, enum da_ext ext, const char *bytes, uint32_t len);

/** NAME_OF thread @serial. */
uint8_t *da_encode_name_of(uint8_t *p, uint64_t serial, const char *bytes, uint32_t len);

#endif
