/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * What a worker does with the files of one module: choose among them, check build-ids and
 * checksums, read symbols and debug data, and answer in the messages of symbols/wire.h.
 */
#ifndef DA_SYMBOLS_BOX_H
#define DA_SYMBOLS_BOX_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "symbols/symbols.h"

/** An open file. */
struct da_box_file {
	int fd;
	/** As shown to people. */
	char *name;
	/** Found by the name in .gnu_debuglink, so that its checksum must be right. */
	bool by_link;
};

/** What to look at and what for. All lent. */
struct da_box_job {
	const struct da_symbols_query *query;
	enum da_symbols_demangle demangle;
	bool inlines;
	bool strict_build_id;
	/**
	 * Candidates, best first: for the module, its separate debug file, and that one's alt file.
	 */
	const struct da_box_file *modules;
	size_t n_modules;
	const struct da_box_file *debugs;
	size_t n_debugs;
	const struct da_box_file *alts;
	size_t n_alts;
	/**
	 * Whether a WANT for a debug file, or an alt file, has been answered with what there is.
	 */
	bool asked_debug;
	bool asked_alt;
};

/**
 * Do it: @job is a struct da_box_job, answers go to @fd. An answer that has a WANT has nothing else
 * of use: open the file if it is there, add it to the job, and run the job again.
 */
void da_box_run(void *job, int fd);

#endif
