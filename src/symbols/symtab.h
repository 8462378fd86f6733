/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The function symbols of ELF files, sorted for lookups by address. Runs in a worker. */
#ifndef DA_SYMBOLS_SYMTAB_H
#define DA_SYMBOLS_SYMTAB_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

struct da_elf;

/** One function. */
struct da_symtab_entry {
	uint64_t from;
	/**
	 * One past the end. Where the file gives no size: start of the next symbol, or end of code.
	 */
	uint64_t to;
	/**
	 * Largest @to of this and all entries before: a search backwards ends where it is too
	 * small.
	 */
	uint64_t reach;
	/** Lent by the da_elf; a version ("memcpy@@GLIBC_2.14") is still on it. */
	const char *name;
	bool is_function;
	bool sized;
	uint8_t bind;
};

/** A table; zero-filled is the empty one. */
struct da_symtab {
	struct da_symtab_entry *entries;
	size_t n, cap;
};

/** Add .symtab of @e or, if it has none, .dynsym. Call da_symtab_sort() after the last one. */
void da_symtab_add(struct da_symtab *t, struct da_elf *e);

/**
 * Sort, so that of aliases the best is found: a function before a label, global before weak before
 * local, then fewer leading underscores, the shorter one, the first in strcmp() order.
 * @e: bounds symbols without a size.
 */
void da_symtab_sort(struct da_symtab *t, const struct da_elf *e);

/** Free the entries. */
void da_symtab_deinit(struct da_symtab *t);

/**
 * The function that @vaddr is in: of those that contain it the one that starts last. NULL if none
 * does; a symbol with a size is never stretched to an address behind its end.
 */
const struct da_symtab_entry *da_symtab_find(const struct da_symtab *t, uint64_t vaddr);

#endif
