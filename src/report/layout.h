/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Lines of text that fit the width: headings, wrapped names, rows of the one set of columns. */
#ifndef DA_REPORT_LAYOUT_H
#define DA_REPORT_LAYOUT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stdio.h>

#include "base/types.h"

/** Narrowest width that the tables are made for. */
#define DA_LAYOUT_COLUMNS 80

/** Where text goes. */
struct da_layout {
	FILE *out;
	unsigned columns; /**< >= DA_LAYOUT_COLUMNS */
	bool color; /**< escape sequences for headings */
};

/** An empty line and "TITLE" or "TITLE: text". @text may be NULL. */
void da_layout_heading(const struct da_layout *l, const char *title, const char *text);

/**
 * Write cleaned @text, the first line continuing one that has @used columns already, further ones
 * indented by @hang, and end the line. Breaks after spaces and commas (but not within numbers)
 * where it can, else anywhere; after @max_lines lines the rest is replaced by "...".
 */
void da_layout_wrap(const struct da_layout *l, unsigned used, unsigned hang, unsigned max_lines,
		    const char *text);

/** "  label       text", the text wrapped in its column. */
void da_layout_field(const struct da_layout *l, const char *label, const char *text);

/** One row: numbers in the columns that all tables share. */
struct da_layout_row {
	uint64_t bytes, blocks; /**< bytes: UINT64_MAX for "-" */
	uint64_t part, whole; /**< the share */
	uint64_t average_bytes, average_blocks; /**< the average is their quotient */
};

/** Columns that a row's numbers take; what follows starts two further right. */
#define DA_LAYOUT_ROW 42

/** The names of the columns; @last: of what follows them. */
void da_layout_row_head(const struct da_layout *l, const char *last);

/** A row's numbers, without ending the line: DA_LAYOUT_ROW columns. */
void da_layout_row(const struct da_layout *l, const struct da_layout_row *row);

#endif
