/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The line table of one compilation unit: address -> file and line, and file names by number. */
#ifndef DA_SYMBOLS_DWARF_LINES_H
#define DA_SYMBOLS_DWARF_LINES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "ds/arena.h"

struct Dwarf_Debug_s;
struct Dwarf_Die_s;
struct da_elf;

/** Rows read per module; further tables are left out. */
#define DA_DWARF_MAX_ROWS 10000000U

struct da_dwarf_row {
	uint64_t addr;
	uint32_t line;
	uint32_t file;
};

/** Rows [@first, @first + @n) in order of address, valid for [@from, @to). */
struct da_dwarf_sequence {
	uint64_t from;
	uint64_t to;
	/** Largest @to of this and all sequences before. */
	uint64_t reach;
	size_t first;
	size_t n;
};

/** One CU's table; zero-filled is the empty one. */
struct da_dwarf_lines {
	struct da_dwarf_row *rows;
	size_t n_rows, cap_rows;
	struct da_dwarf_sequence *sequences;
	size_t n_sequences, cap_sequences;
	/** Full path by file number, NULL for none. */
	const char **files;
	size_t n_files;
	struct da_arena arena;
};

/**
 * Read the table of @cu_die. Sequences that start outside the code of @e belong to functions the
 * linker has thrown away, and are left out.
 * @budget: rows that may still be read in this module; reduced.
 * @return false if there is no readable table; then all lookups find nothing.
 */
bool da_dwarf_lines_read(struct da_dwarf_lines *l, struct Dwarf_Debug_s *dbg,
			 struct Dwarf_Die_s *cu_die, const struct da_elf *e, uint64_t *budget);

/** Free the table, which is then empty. */
void da_dwarf_lines_deinit(struct da_dwarf_lines *l);

/** The row that @vaddr belongs to; NULL if none. Line 0 means that no source line made the code. */
const struct da_dwarf_row *da_dwarf_lines_find(const struct da_dwarf_lines *l, uint64_t vaddr);

/**
 * Path of file number @file: compilation directory, include directory and name as recorded, joined
 * by "/" and not tidied. NULL if there is none. Lives as long as the table.
 */
const char *da_dwarf_lines_file(const struct da_dwarf_lines *l, uint64_t file);

#endif
