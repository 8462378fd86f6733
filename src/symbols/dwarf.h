/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * DWARF 2 to 5: addresses -> functions, lines and inlined frames, each compilation unit that is
 * needed read once. Runs in a worker.
 */
#ifndef DA_SYMBOLS_DWARF_H
#define DA_SYMBOLS_DWARF_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

struct da_elf;
struct da_dwarf;

/** Frames given per address at most; the innermost are kept, and the outermost. */
#define DA_DWARF_MAX_FRAMES 256

/** One frame; texts are lent for the duration of the callback, each NULL if unknown. */
struct da_dwarf_frame {
	/** DW_AT_name of the function. */
	const char *name;
	/** DW_AT_linkage_name. */
	const char *linkage;
	const char *file;
	uint32_t line;
	bool inlined;
	/**
	 * Start of the function, where its ELF symbol is; 0 for an inlined one, or if the function
	 * is not known.
	 */
	uint64_t low;
	/**
	 * Whether names of this frame's language are not mangled, so that @name is the linker's.
	 */
	bool plain_names;
};

/**
 * Gets the frames of one address, innermost first, at least one. @index: of the address asked for.
 */
typedef void da_dwarf_found(void *arg, size_t index, const struct da_dwarf_frame *frames, size_t n);

/**
 * Open the debug data of @e.
 * @alt: the file its .gnu_debugaltlink names, or NULL. Both must outlive the da_dwarf.
 * @return false with @err if there are none, or none that can be read.
 */
bool da_dwarf_open(struct da_elf *e, struct da_elf *alt, struct da_dwarf **out, struct da_err *err);

/** Close; NULL is fine. */
void da_dwarf_close(struct da_dwarf *d);

/**
 * Look up @n addresses, in any order, and call @found for each that is in a function or line table.
 * @return false with @err if something was not read: damage, or a budget; what was found stays.
 */
bool da_dwarf_resolve(struct da_dwarf *d, const uint64_t *vaddrs, size_t n, da_dwarf_found *found,
		      void *arg, struct da_err *err);

#endif
