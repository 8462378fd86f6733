/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The options of dumpalloc report. */
#ifndef DA_CMD_REPORT_OPTIONS_H
#define DA_CMD_REPORT_OPTIONS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/options.h"
#include "report/text.h"
#include "symbols/symbols.h"

/** Most of --format, --debug-path, --extra-path and --path-map each. */
#define DA_REPORT_OPTIONS_MAX 64

/** The kinds of documents. */
enum da_report_format {
	DA_REPORT_TEXT,
	DA_REPORT_CALLGRIND,
	DA_REPORT_JSON,
	DA_REPORT_FOLDED,
};

/** One document to write. */
struct da_report_document {
	enum da_report_format format;
	const char
		*path; /**< "-": standard output; NULL: PROG.PID.SUFFIX, named by the recording */
};

/** What the user asked for. Texts are lent from argv, but for those in @owned. */
struct da_report_options {
	struct da_report_document documents[DA_REPORT_OPTIONS_MAX];
	size_t n_documents;
	const char *output; /**< -o, NULL: none */
	struct da_text_options text;
	struct da_symbols_options symbols;
	const char *debug_paths[DA_REPORT_OPTIONS_MAX], *extra_paths[DA_REPORT_OPTIONS_MAX];
	struct da_symbols_path_map path_maps[DA_REPORT_OPTIONS_MAX];
	char *owned[DA_REPORT_OPTIONS_MAX]; /**< the FROM of path_maps */
};

/** The table, for struct da_report_options. */
extern const struct da_option da_report_option_table[];

/** Defaults: no documents yet. The struct must not move afterwards. */
void da_report_options_init(struct da_report_options *o);

/** Free what the setters made. */
void da_report_options_deinit(struct da_report_options *o);

/**
 * Fill in what was not said: text and Callgrind when there is no --format, the place of -o.
 * @return false when the options do not go together, or not with @n_files recordings.
 */
bool da_report_options_finish(struct da_report_options *o, size_t n_files, struct da_err *err);

#endif
