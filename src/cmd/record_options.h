/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The options of dumpalloc record. */
#ifndef DA_CMD_RECORD_OPTIONS_H
#define DA_CMD_RECORD_OPTIONS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/options.h"
#include "collect/compress.h"

/** What the user asked for. */
struct da_record_options {
	const char *output; /**< pattern, "-" for standard output, NULL: default or none */
	const char *server; /**< "host:port", NULL: none */
	bool force, follow, strict;
	int unwind; /**< enum da_unwind_mode */
	bool stacks_alloc_only;
	int on_full; /**< enum da_on_full */
	int compress; /**< enum da_compress_level */
	uint64_t depth; /**< frames */
	uint64_t buffer; /**< bytes */
	uint64_t min_size, max_size; /**< bytes */
	uint32_t sample; /**< bytes per stack, 0: each allocation has one */
};

/** The table, for struct da_record_options. */
extern const struct da_option da_record_option_table[];

/** Defaults, and those from DUMPALLOC_FILE and DUMPALLOC_WALK_STACK. */
void da_record_options_init(struct da_record_options *o);

/** Whether the options go together. */
bool da_record_options_check(const struct da_record_options *o, struct da_err *err);

#endif
