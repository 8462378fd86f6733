/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * What a worker answers: messages of {u32 kind, u32 length, payload}, all numbers little-endian.
 * The reader trusts nothing: a worker that has been taken over can write what it likes.
 *
 *	STRING	the text; the n-th STRING has number n, from 1; number 0 means NULL
 *	FRAMES	u32 address index, then per frame u32 function, linkage, file, line, flags
 *	MODULE	u32 verdict, module file index, debug file index (or NONE), flags
 *	NOTE	a text for people
 *	WANT	u32 kind, crc, build-id length; the build-id; the name
 */
#ifndef DA_SYMBOLS_WIRE_H
#define DA_SYMBOLS_WIRE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "ds/intern.h"

/** Longest text, most frames of an address, longest build-id of a WANT. */
#define DA_WIRE_MAX_TEXT 65536U
#define DA_WIRE_MAX_FRAMES 256U
#define DA_WIRE_MAX_ID 64U

/** No file. */
#define DA_WIRE_NONE UINT32_MAX

/** Kinds of messages. */
enum da_wire_kind {
	DA_WIRE_STRING = 1,
	DA_WIRE_FRAMES,
	DA_WIRE_MODULE,
	DA_WIRE_NOTE,
	DA_WIRE_WANT,
};

/** Flags of a frame, and of a module. */
#define DA_WIRE_INLINED 1U
#define DA_WIRE_HAS_SYMBOLS 1U
#define DA_WIRE_HAS_LINES 2U

/** A frame: numbers of STRINGs. */
struct da_wire_frame {
	uint32_t function;
	uint32_t linkage;
	uint32_t file;
	uint32_t line;
	uint32_t flags;
};

/** What the worker made of the files. */
struct da_wire_module {
	/** enum da_symbols_verdict. */
	uint32_t verdict;
	/** Index of the file used, as the job numbers them, or DA_WIRE_NONE. */
	uint32_t file;
	uint32_t debug_file;
	uint32_t flags;
};

/** A file the worker has learned of and cannot open itself. */
struct da_wire_want {
	/** A .gnu_debugaltlink; otherwise a separate debug file. */
	bool alt;
	/** CRC-32 that @name must have; only of a debug file with a name. */
	uint32_t crc;
	/** Build-id to look for; may be empty. */
	const uint8_t *id;
	uint32_t id_len;
	/** File name, or path of an alt file; may be empty. Not terminated. */
	const char *name;
	uint32_t name_len;
};

/** ---- writing ---- */

/** A writer to a descriptor; after a failed write it does nothing more. */
struct da_wire_writer {
	int fd;
	bool failed;
	/** Texts sent, by number - 1. */
	struct da_intern sent;
	uint8_t *buffer;
	size_t n, cap;
};

/** Start writing to @fd. */
void da_wire_writer_init(struct da_wire_writer *w, int fd);

/** Free what the writer holds; the descriptor stays open, and what is not flushed is not sent. */
void da_wire_writer_deinit(struct da_wire_writer *w);

/** Send what is buffered. */
void da_wire_flush(struct da_wire_writer *w);

/** The number of @text (0 for NULL), sent now if it is new. Longer texts are cut. */
uint32_t da_wire_string(struct da_wire_writer *w, const char *text);

/** Send the frames of an address; those sent later replace those sent before. */
void da_wire_frames(struct da_wire_writer *w, uint32_t index, const struct da_wire_frame *frames,
		    size_t n);

/** Send the other messages. */
void da_wire_module(struct da_wire_writer *w, const struct da_wire_module *module);
void da_wire_note(struct da_wire_writer *w, const char *text);
void da_wire_want(struct da_wire_writer *w, const struct da_wire_want *want);

/** ---- reading ---- */

/** One message, checked. What it points to is in the bytes read. */
struct da_wire_message {
	enum da_wire_kind kind;
	/** STRING, NOTE: not terminated. */
	const char *text;
	uint32_t text_len;
	/** FRAMES. */
	uint32_t index;
	const uint8_t *frames;
	uint32_t n_frames;
	struct da_wire_module module;
	struct da_wire_want want;
};

/** Position in an answer. */
struct da_wire_reader {
	const uint8_t *bytes;
	size_t n;
	size_t at;
	/** STRINGs seen so far. */
	uint32_t n_strings;
};

/**
 * The next message: lengths within bounds, string numbers within those seen, no more than
 * @n_addresses addresses, verdict and flags known.
 * @return false at the end, at a cut message, and at anything that is not as it should be.
 */
bool da_wire_next(struct da_wire_reader *r, size_t n_addresses, struct da_wire_message *out);

/** Frame @i < n_frames of a FRAMES message. */
struct da_wire_frame da_wire_get_frame(const struct da_wire_message *m, size_t i);

#endif
