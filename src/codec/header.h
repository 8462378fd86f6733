/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The stream's header: what recorded what, where, and how. */
#ifndef DA_CODEC_HEADER_H
#define DA_CODEC_HEADER_H

#include "base/types.h"
#include "codec/format.h"

/** Attribute tags. Each attribute is varint tag, varint length, bytes; unknown tags are skipped. */
enum da_attr {
	DA_ATTR_MACHINE = 1, /**< varint: ELF e_machine */
	DA_ATTR_WORD_BITS = 2, /**< varint: 32 or 64 */
	DA_ATTR_BIG_ENDIAN = 3, /**< varint: 1 when the target is big-endian */
	DA_ATTR_ELF_FLAGS = 4, /**< varint: ELF e_flags of the executable */
	DA_ATTR_PAGE_SIZE = 5, /**< varint: bytes */
	DA_ATTR_PID = 6, /**< varint */
	DA_ATTR_PROGRAM = 7, /**< text: path of the executable, as /proc/PID/exe says */
	DA_ATTR_CMDLINE = 8, /**< text: arguments, each ended by NUL */
	DA_ATTR_START_WALL = 9, /**< varint: ns since 1970 at the start */
	DA_ATTR_VERSION = 10, /**< text: recorder's version */
	DA_ATTR_HOST = 11, /**< text */
	DA_ATTR_KERNEL = 12, /**< text: release */
	DA_ATTR_DIRECT = 13, /**< varint: 1 when the shim wrote the stream itself */
	DA_ATTR_UNWIND = 14, /**< varint: enum da_unwind_mode */
	DA_ATTR_DEPTH = 15, /**< varint: frames */
	DA_ATTR_STACKS_ALLOC = 16, /**< varint: 1 when frees carry no stack */
	DA_ATTR_MIN_SIZE = 17, /**< varint: bytes; smaller blocks are not recorded */
	DA_ATTR_MAX_SIZE = 18, /**< varint: bytes; larger blocks are not recorded */
	DA_ATTR_PARENT = 19, /**< varint: pid of the recorded process this one was forked from */
	/** varint, not 0: only sampled allocations carry a stack, one per this many bytes on
	 * average; a block of n bytes with the probability 1 - exp(-n / this) */
	DA_ATTR_SAMPLE = 20,
};

/** A text that is not NUL-terminated and may hold anything. */
struct da_text {
	const char *bytes;
	uint32_t len;
};

/** The header's content. Absent numbers are 0, absent texts empty; max_size absent: UINT64_MAX. */
struct da_header {
	uint32_t machine;
	uint32_t word_bits;
	bool big_endian;
	uint32_t elf_flags;
	uint32_t page_size;
	uint32_t pid;
	uint32_t parent_pid;
	uint64_t start_wall_ns;
	bool direct;
	uint32_t unwind;
	uint32_t depth;
	bool stacks_alloc_only;
	uint64_t min_size, max_size;
	uint32_t sample; /**< bytes, <= DA_STREAM_MAX_SAMPLE; 0: all allocations carry a stack */
	struct da_text program, cmdline, version, host, kernel;
};

/**
 * Write a header.
 * @out: @size bytes. Texts longer than DA_STREAM_MAX_TEXT are cut (cmdline at 32 KB).
 * @return bytes written, 0 when they do not fit.
 */
size_t da_header_put(const struct da_header *h, uint8_t *out, size_t size);

enum da_header_status {
	DA_HEADER_OK,
	DA_HEADER_SHORT, /**< more bytes are needed: @need_out says how many in all */
	DA_HEADER_NOT_RECORDING, /**< the magic is not there */
	DA_HEADER_FUTURE, /**< a version or a required feature this reader does not know */
	DA_HEADER_DAMAGED, /**< lengths or checksum wrong */
};

/**
 * Read a header from the first @len bytes of a stream.
 * @h_out's texts point into @in.
 * @need_out: on OK the header's size in bytes, on SHORT the number of bytes wanted in all
 * (<= DA_HEADER_FIXED + DA_HEADER_ATTR_MAX).
 * @version_out: the stream's version, set on OK and FUTURE.
 */
enum da_header_status da_header_get(const uint8_t *in, size_t len, struct da_header *h_out,
				    size_t *need_out, uint32_t *version_out);

#endif
