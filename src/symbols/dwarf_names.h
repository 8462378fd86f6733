/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The name of a function DIE, found along DW_AT_abstract_origin and DW_AT_specification. */
#ifndef DA_SYMBOLS_DWARF_NAMES_H
#define DA_SYMBOLS_DWARF_NAMES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "ds/arena.h"
#include "ds/map.h"

struct Dwarf_Debug_s;

/** DIEs looked at for one name. */
#define DA_DWARF_MAX_CHAIN 16

/** Names of one function; each NULL if unknown. Live as long as the da_dwarf_names. */
struct da_dwarf_name {
	/** DW_AT_name: unqualified. */
	const char *plain;
	/** DW_AT_linkage_name: mangled. */
	const char *linkage;
};

/** Names found so far, by DIE. Zero-filled is not valid: use da_dwarf_names_init(). */
struct da_dwarf_names {
	struct Dwarf_Debug_s *dbg;
	/** The supplementary file's, or NULL. */
	struct Dwarf_Debug_s *alt;
	/** DIE offset + 1 -> struct da_dwarf_name. */
	struct da_map map;
	struct da_arena arena;
};

/** Make @n empty. @alt: what references into a supplementary file (dwz) mean, or NULL. */
void da_dwarf_names_init(struct da_dwarf_names *n, struct Dwarf_Debug_s *dbg,
			 struct Dwarf_Debug_s *alt);

/** Free all names. */
void da_dwarf_names_deinit(struct da_dwarf_names *n);

/** The name of the DIE at @offset in .debug_info of the main file. */
struct da_dwarf_name da_dwarf_names_get(struct da_dwarf_names *n, uint64_t offset);

#endif
