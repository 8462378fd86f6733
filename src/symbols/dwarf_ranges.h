/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The address ranges of a DIE: DW_AT_low_pc/high_pc or DW_AT_ranges, DWARF 2 to 5. */
#ifndef DA_SYMBOLS_DWARF_RANGES_H
#define DA_SYMBOLS_DWARF_RANGES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

struct Dwarf_Debug_s;
struct Dwarf_Die_s;

/** Ranges kept per DIE; more are ignored. */
#define DA_DWARF_MAX_RANGES (1U << 20)

/** [@from, @to), never empty. */
struct da_dwarf_range {
	uint64_t from;
	uint64_t to;
};

/** A list that is used again and again; zero-filled at first. */
struct da_dwarf_ranges {
	struct da_dwarf_range *items;
	size_t n, cap;
	/** DW_AT_low_pc of the current CU, to which DWARF 2-4 range lists are relative. */
	uint64_t cu_base;
};

/** Replace the list by the ranges of @die; empty if it has none, or none that can be read. */
void da_dwarf_ranges_read(struct da_dwarf_ranges *r, struct Dwarf_Debug_s *dbg,
			  struct Dwarf_Die_s *die);

/** Free the list. */
void da_dwarf_ranges_deinit(struct da_dwarf_ranges *r);

#endif
