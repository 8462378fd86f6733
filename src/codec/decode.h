/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One thread's bytes to events. Bytes are hostile: every length is checked, nothing is allocated.
 */
#ifndef DA_CODEC_DECODE_H
#define DA_CODEC_DECODE_H

#include "base/types.h"
#include "codec/format.h"
#include "codec/named.h"

/** One loadable segment of a module, ELF program header fields. */
struct da_segment {
	uint64_t vaddr, memsz, offset, filesz;
	uint32_t flags; /**< PF_R | PF_W | PF_X */
};

/**
 * One decoded event. Pointers point into the decoder's input or the decoder: valid until the next
 * call.
 */
struct da_event {
	enum da_kind kind;
	enum da_ext ext; /**< meaningful when kind is DA_KIND_EXT */

	/** Order key. For REALLOC: of the giving back; for FREE and ALLOC: of the one act. */
	uint64_t order;
	/** REALLOC: order key of the handing out, > order. */
	uint64_t order_acquired;
	/** Nanoseconds since the start of the recording at the thread's last CLOCK. */
	uint64_t time_ns;

	enum da_func func;
	da_addr addr; /**< ALLOC, FREE: the block. REALLOC: the new block */
	da_addr old_addr; /**< REALLOC: the block given back */
	uint64_t size; /**< bytes asked for: ALLOC, REALLOC, FAIL */
	uint64_t stack; /**< id of the thread's stack, 0: none */

	union {
		struct {
			uint64_t id; /**< ids of one thread are 1, 2, 3 … */
			/** outer frames shared with the thread's previous stack */
			uint32_t keep;
			uint32_t n; /**< new frames, pcs[0] the outermost of them */
			const da_addr *pcs; /**< in the decoder */
			/** 1: pc is an interrupted instruction; 0: a return address */
			const uint8_t *exact;
			uint8_t end; /**< enum da_unwind_end */
		} new_stack;
		struct {
			uint64_t id; /**< dense, from 1, per process */
			da_addr bias; /**< run-time address minus ELF vaddr, modulo 2^word_bits */
			const char *path; /**< not NUL-terminated */
			uint32_t path_len;
			const uint8_t *build_id;
			uint32_t build_id_len;
			uint32_t n_segments;
			const struct da_segment *segments; /**< in the decoder */
			uint8_t role; /**< enum da_module_role */
		} module; /**< MODULE_LOAD; MODULE_UNLOAD: id only */
		struct {
			const char *bytes; /**< not NUL-terminated, may hold anything */
			uint32_t len;
			uint64_t thread; /**< NAME_OF */
		} text; /**< THREAD_NAME, NAME_OF, NOTE */
		uint64_t tid; /**< THREAD */
		uint64_t watermark; /**< WATERMARK */
		struct {
			uint64_t time_ns, bytes;
		} rss;
		struct {
			uint64_t reason, events;
		} lost;
		struct {
			uint64_t kind; /**< enum da_end */
			uint64_t value, seen, recorded;
		} end;
	};
};

/** What a module is to the process. */
enum da_module_role {
	DA_MODULE_LIBRARY = 0,
	DA_MODULE_EXECUTABLE = 1,
	DA_MODULE_SHIM = 2,
	DA_MODULE_VDSO = 3,
	DA_MODULE_LOADER = 4,
};

/** State of one thread's decoder. Zero-filled is the start state. About 14 KB. */
struct da_decoder {
	uint64_t order; /**< key of the last event */
	uint64_t time_ns;
	uint64_t n_stacks; /**< ids given out so far */
	uint32_t last_depth; /**< frames of the stack defined last */
	da_addr last_addr;
	uint64_t last_size;
	uint64_t last_stack[5]; /**< by enum da_kind */
	/** Frames of the stack defined last, outermost first: what `keep` refers to. */
	da_addr frames[DA_STREAM_MAX_FRAMES];
	uint8_t exact[DA_STREAM_MAX_FRAMES];
	struct da_segment segments[DA_STREAM_MAX_SEGMENTS];
	struct da_named named;
};

enum da_decode_status {
	DA_DECODE_EVENT, /**< *event holds the next event */
	DA_DECODE_DONE, /**< all bytes are used up, at an event's border */
	DA_DECODE_BAD, /**< damaged or cut event at the cursor, or an unknown kind */
};

/** Bytes to decode and how far it got. On DA_DECODE_BAD @pos is the offset of the bad event. */
struct da_cursor {
	const uint8_t *bytes;
	size_t len;
	size_t pos;
	/** A constant text: what was wrong, after DA_DECODE_BAD. */
	const char *why;
};

/**
 * Decode the next event of a thread (meta: the decoder of thread 0).
 * @d keeps the thread's state between fragments; after DA_DECODE_BAD it must not be used again.
 * The full current stack after a DA_EXT_STACK is d->frames[0 .. d->last_depth), outermost first.
 */
enum da_decode_status da_decode(struct da_decoder *d, struct da_cursor *c, struct da_event *event);

#endif
