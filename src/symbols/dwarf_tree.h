/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The functions and inlined functions of one compilation unit that contain given addresses. */
#ifndef DA_SYMBOLS_DWARF_TREE_H
#define DA_SYMBOLS_DWARF_TREE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "symbols/dwarf_ranges.h"

struct Dwarf_Debug_s;
struct Dwarf_Die_s;

/** Deepest nesting followed, and DIEs visited per module. */
#define DA_DWARF_MAX_DEPTH 256
#define DA_DWARF_MAX_VISITS 50000000U

/** No node. */
#define DA_DWARF_NO_NODE UINT32_MAX

/** A DW_TAG_subprogram or DW_TAG_inlined_subroutine. */
struct da_dwarf_node {
	/** Its DIE's offset in .debug_info. */
	uint64_t offset;
	/** Start of a subprogram's first range, where its ELF symbol is; 0 if inlined. */
	uint64_t low;
	/** The function it is inlined into; DA_DWARF_NO_NODE for a subprogram. */
	uint32_t parent;
	/** DW_AT_call_file and DW_AT_call_line; 0 if not given. */
	uint32_t call_file;
	uint32_t call_line;
	bool inlined;
};

/** An address and the innermost node found for it. */
struct da_dwarf_place {
	uint64_t vaddr;
	/** DA_DWARF_NO_NODE: no function contains it. */
	uint32_t node;
	/** Length of that node's range that contains it. */
	uint64_t fit;
};

/** One CU's functions; zero-filled is the empty one. */
struct da_dwarf_tree {
	struct da_dwarf_node *nodes;
	size_t n_nodes, cap_nodes;
	/** Set by the caller: addresses in ascending order. */
	struct da_dwarf_place *places;
	size_t n_places;
	struct da_dwarf_ranges ranges;
};

/**
 * Walk the DIEs below @cu_die and set node and fit of each place: of all functions with a range
 * that contains it the one whose range is smallest; of equals the one that comes later, which is
 * the inner one. Ranges of an inlined function need not lie within those of its parent.
 *
 * @visits: DIEs that may still be visited in this module; reduced.
 * @return false if the walk ended early (budget, or a damaged tree); what was found stays.
 */
bool da_dwarf_tree_walk(struct da_dwarf_tree *t, struct Dwarf_Debug_s *dbg,
			struct Dwarf_Die_s *cu_die, uint64_t *visits);

/** Free all but the places. */
void da_dwarf_tree_deinit(struct da_dwarf_tree *t);

#endif
