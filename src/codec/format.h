/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Constants of the recording format, version 1. dumpalloc-trace(5) is the description for people;
 * this file is what the code uses. All integers are little-endian or LEB128 varints.
 *
 *   stream  := header block*
 *   header  := fixed part (DA_HEADER_FIXED bytes) attributes           (codec/header.h)
 *   block   := block header (DA_BLOCK_HEADER bytes) payload            (codec/block.h)
 *   payload := fragment*, after decompression
 *   fragment:= varint(thread) varint(length) bytes[length]
 *
 * The fragments of one thread, put together in stream order, are that thread's events; a fragment
 * ends where an event ends. Thread 0 is the recorder itself (the meta stream).
 */
#ifndef DA_CODEC_FORMAT_H
#define DA_CODEC_FORMAT_H

#include "base/types.h"

#define DA_FORMAT_VERSION 1

/** First bytes of a stream. The high bit and the newline betray 7-bit and text-mode transfers. */
#define DA_HEADER_MAGIC \
	"\x89"          \
	"DALLOC\n"
#define DA_HEADER_MAGIC_BYTES 8
/**
 * Fixed part: magic[8] u16 version, u16 0, u32 bytes of attributes, u32 required features, u32 crc.
 */
#define DA_HEADER_FIXED 24
/** Most bytes of attributes. */
#define DA_HEADER_ATTR_MAX 65536

/** "DABK" as a little-endian word. */
#define DA_BLOCK_MAGIC 0x4b424144u
#define DA_BLOCK_HEADER 32
/** Most bytes of a block as stored, and after decompression. */
#define DA_BLOCK_STORED_MAX (256u << 10)
#define DA_BLOCK_RAW_MAX (1024u << 10)
/** Largest zstd window a reader must accept: 2^20 bytes. */
#define DA_BLOCK_WINDOW_LOG_MAX 20

/** Limits on what a stream may declare. */
#define DA_STREAM_MAX_THREADS (1u << 24)
#define DA_STREAM_MAX_FRAMES 1024u
#define DA_STREAM_MAX_TEXT 4096u
#define DA_STREAM_MAX_BUILD_ID 64u
#define DA_STREAM_MAX_SEGMENTS 16u
/** Most bytes per sampled stack, on average. */
#define DA_STREAM_MAX_SAMPLE (1u << 30)

/** Bits 0-2 of an event's first byte. */
enum da_kind {
	DA_KIND_EXT = 0, /**< bits 3-7 are an enum da_ext */
	DA_KIND_ALLOC = 1, /**< a block was handed out */
	DA_KIND_FREE = 2, /**< a block was given back */
	DA_KIND_REALLOC = 3, /**< one block was given back and another handed out */
	DA_KIND_FAIL = 4, /**< an allocation failed; the heap is unchanged */
};

/** Bits 3-7 of ALLOC, FREE, REALLOC and FAIL: which fields follow the first byte, in this order. */
enum da_event_flag {
	DA_EVENT_ORDER = 0x08, /**< varint(s): order key increment(s); absent: 1 (each) */
	DA_EVENT_STACK = 0x10, /**< varint: stack id; absent: that of the thread's last event of the
				  same kind */
	DA_EVENT_SIZE = 0x20, /**< ALLOC, FAIL. varint: bytes; absent: those of the last ALLOC,
				  REALLOC or FAIL */
	/** FREE: the address is the thread's last mentioned one; no bytes */
	DA_EVENT_LAST = 0x20,
	DA_EVENT_MOVED = 0x20, /**< REALLOC: a new address follows the old one; absent: same */
	DA_EVENT_FUNC = 0x40, /**< byte: enum da_func; absent: malloc, free, realloc, malloc */
	/** differences of addresses are in bytes; absent: in units (DA_ADDR_UNIT_LOG) */
	DA_EVENT_BYTES = 0x80,
};

/**
 * An address is a varint: 2 * d, if it was named d addresses ago (codec/named.h), at most so long;
 * or 2 * zigzag(difference to the thread's last one) + 1.
 */
#define DA_EVENT_NAMED 512u
/** Bits of an address that are recorded: differences of them fit a varint. */
#define DA_ADDR_MASK ((UINT64_C(1) << 62) - 1)

/** Unit of address differences when DA_EVENT_BYTES is absent: log2. */
#define DA_ADDR_UNIT_LOG 3

/** Extended events: bits 3-7 of a first byte whose bits 0-2 are DA_KIND_EXT. */
enum da_ext {
	/* in a thread's stream */
	DA_EXT_STACK = 1, /**< a new stack; ids count from 1 */
	DA_EXT_THREAD = 2, /**< the thread begins: varint tid */
	DA_EXT_THREAD_NAME = 3, /**< text: name as the kernel knows it */
	DA_EXT_MODULE_LOAD = 4, /**< a module was mapped */
	DA_EXT_MODULE_UNLOAD = 5, /**< a module is gone */
	DA_EXT_CLOCK = 6, /**< varint: nanoseconds since the thread's last CLOCK (at first:
				     since the start) */
	/** the thread ran its last destructor; events may still follow */
	DA_EXT_THREAD_END = 7,
	/* in the meta stream */
	DA_EXT_WATERMARK = 16, /**< varint: every event with a smaller order key is above */
	DA_EXT_RSS = 17, /**< varint ns since start, varint bytes resident */
	DA_EXT_LOST = 18, /**< varint reason, varint events: total so far */
	DA_EXT_END = 19, /**< the recording's last word */
	DA_EXT_NAME_OF = 20, /**< varint thread, text: its name */
	DA_EXT_NOTE = 21, /**< text for people */
};

/** The function that was called. */
enum da_func {
	DA_FUNC_MALLOC = 0,
	DA_FUNC_CALLOC = 1,
	DA_FUNC_REALLOC = 2,
	DA_FUNC_REALLOCARRAY = 3,
	DA_FUNC_ALIGNED_ALLOC = 4,
	DA_FUNC_MEMALIGN = 5,
	DA_FUNC_POSIX_MEMALIGN = 6,
	DA_FUNC_VALLOC = 7,
	DA_FUNC_PVALLOC = 8,
	DA_FUNC_FREE = 9,
	DA_FUNC_CFREE = 10,
	DA_FUNC_FREE_SIZED = 11,
	DA_FUNC_FREE_ALIGNED_SIZED = 12,
	DA_FUNC_COUNT
};

/** Why events are missing. */
enum da_lost {
	DA_LOST_FULL = 0, /**< no free chunk, and told not to wait */
	DA_LOST_REENTRANT = 1, /**< a signal handler allocated while its thread was recording */
	DA_LOST_NO_MEMORY = 2, /**< the shim could not map memory for a thread */
	DA_LOST_NO_RECORDER = 3, /**< the recorder or the network peer went away */
	DA_LOST_EARLY = 4, /**< before the shim was ready */
	DA_LOST_TORN = 5, /**< begun but not committed: the program died in the middle */
	DA_LOST_COUNT
};

/**
 * How a recording ended (DA_EXT_END: varint this, varint value, varint seen, varint recorded;
 * seen = recorded + all lost). A stream is whole when its last block carries the end flag; a shim
 * that writes the stream itself may have to add blocks after such a block, each ended anew.
 */
enum da_end {
	DA_END_UNKNOWN = 0, /**< the program went on, or nobody saw its end; value 0 */
	DA_END_EXIT = 1, /**< value: exit status */
	DA_END_SIGNAL = 2, /**< value: signal number */
	DA_END_EXEC = 3, /**< the program replaced itself; value 0 */
};

/** Text for a lost reason, "full" etc.; "unknown" beyond the known ones. */
const char *da_lost_name(uint64_t reason);

/** Text for a function code, "malloc" etc.; "unknown" beyond the known ones. */
const char *da_func_name(uint64_t func);

#endif
