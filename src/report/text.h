/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The report for people: plain text that fits 80 columns. */
#ifndef DA_REPORT_TEXT_H
#define DA_REPORT_TEXT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "report/groups.h"
#include "report/layout.h"
#include "report/report.h"

/** Sections that can be asked for; header, quality and totals are always there. */
enum da_text_section {
	DA_TEXT_TIMELINE = 1 << 0,
	DA_TEXT_HISTOGRAM = 1 << 1,
	DA_TEXT_PEAK = 1 << 2,
	DA_TEXT_LEAKS = 1 << 3,
	DA_TEXT_CALLS = 1 << 4,
	DA_TEXT_TEMPORARY = 1 << 5,
	DA_TEXT_THREADS = 1 << 6,
	DA_TEXT_MODULES = 1 << 7,
	DA_TEXT_ALL = (1 << 8) - 1,
};

/** What a text report shows when nobody asks for sections. */
#define DA_TEXT_DEFAULT \
	(DA_TEXT_TIMELINE | DA_TEXT_PEAK | DA_TEXT_LEAKS | DA_TEXT_CALLS | DA_TEXT_TEMPORARY)

/** How a text report is to look. */
struct da_text_options {
	unsigned sections; /**< of enum da_text_section */
	uint32_t limit; /**< entries per section, 0: all */
	uint32_t sub_limit; /**< stacks per entry, 0: all */
	uint32_t depth; /**< frames per stack, 0: all */
	enum da_report_key sort;
	unsigned columns; /**< width, >= DA_LAYOUT_COLUMNS */
	bool color;
	bool full_names; /**< C++ and Rust names as they are, not cut by report/brief.h */
};

/** Write the whole report. Errors are left in @out's error flag. */
void da_text_write(const struct da_report *r, const struct da_text_options *options, FILE *out);

/** What the sections share. */
struct da_text_page {
	const struct da_report *r;
	const struct da_text_options *options;
	struct da_layout layout;
	const struct da_groups *groups;
};

/** Program, process, machine, times, recorder. In text_head.c, as the two after it. */
void da_text_put_head(const struct da_text_page *t);

/** Events lost, stacks cut, modules without symbols, and what to do about it. */
void da_text_put_quality(const struct da_text_page *t);

/** Calls, bytes, peak, what is left. */
void da_text_put_totals(const struct da_text_page *t);

/** Heap and resident memory over time, as a graph. In text_graph.c. */
void da_text_put_timeline(const struct da_text_page *t);

/** Calls by block size. In text_tables.c, as the two after it. */
void da_text_put_histogram(const struct da_text_page *t);

/** Calls and bytes by thread. */
void da_text_put_threads(const struct da_text_page *t);

/** Bytes at the peak by module, and what is known of each module's symbols. */
void da_text_put_modules(const struct da_text_page *t);

/** The places that matter most for one of PEAK, LEAKS, CALLS, TEMPORARY. In text_sites.c. */
void da_text_put_sites(const struct da_text_page *t, enum da_text_section section);

#endif
