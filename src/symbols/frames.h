/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Frames for all addresses of a module, from its chosen files into messages. Runs in a worker. */
#ifndef DA_SYMBOLS_FRAMES_H
#define DA_SYMBOLS_FRAMES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "symbols/symbols.h"
#include "symbols/wire.h"

struct da_elf;

/** The files and what is asked of them. All lent. */
struct da_frames_input {
	const struct da_symbols_query *query;
	enum da_symbols_demangle demangle;
	bool inlines;
	struct da_elf *module;
	/** Has debug data or a fuller symbol table; may be the same as @module, or NULL. */
	struct da_elf *debug;
	/** What the debug data's .gnu_debugaltlink names, or NULL. */
	struct da_elf *alt;
};

/**
 * Send the frames of each address, and @module each time more of it is known.
 *
 * Two rounds: first one frame with the ELF symbol's name, because reading symbols rarely fails and
 * these stay if reading the debug data kills the process; then the frames that the debug data have.
 * @module: gets DA_WIRE_HAS_SYMBOLS and DA_WIRE_HAS_LINES.
 */
void da_frames_send(const struct da_frames_input *in, struct da_wire_writer *out,
		    struct da_wire_module *module);

#endif
