/* SPDX-License-Identifier: GPL-3.0-or-later */
/** What every writer gets: a finished model, its names, and where they come from. */
#ifndef DA_REPORT_REPORT_H
#define DA_REPORT_REPORT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "codec/header.h"
#include "model/model.h"
#include "report/names.h"

/** One recording, replayed and named. Everything pointed to is lent. */
struct da_report {
	const struct da_model *model;
	const struct da_header *header;
	struct da_names *names;
	/** The recording could not be read to its end: where it stopped, and why (for people). */
	bool truncated;
	bool unfinished; /**< nothing is damaged: blocks stop, and the last is not marked so */
	uint64_t truncated_byte;
	const char *truncated_why;
};

/** Which number of a site decides: --sort, and what folded stacks carry. */
enum da_report_key {
	DA_REPORT_KEY_DEFAULT, /**< each section's own */
	DA_REPORT_KEY_PEAK, /**< bytes at the peak */
	DA_REPORT_KEY_LEAKED, /**< bytes live at the end */
	DA_REPORT_KEY_BYTES, /**< bytes ever allocated */
	DA_REPORT_KEY_CALLS, /**< blocks ever allocated */
	DA_REPORT_KEY_TEMPORARY, /**< temporary blocks */
};

/** The words for --sort in the order of enum da_report_key, from PEAK on; ended by NULL. */
extern const char *const da_report_key_words[];

/** The number of @site that @key names (DEFAULT: as PEAK). */
uint64_t da_report_site_value(const struct da_model_site *site, enum da_report_key key);

/** Room for da_report_sampling(), with the NUL. */
#define DA_REPORT_SAMPLING 96

/**
 * "sampled every 524288 bytes on average: costs of stacks are estimates", for those who look into a
 * file; "" when nothing was sampled. @return @buf
 */
const char *da_report_sampling(const struct da_model *m, char buf[DA_REPORT_SAMPLING]);

/** ELF e_machine as uname says it: "x86_64", "mips" …; "elf-machine-N" for others. @return @buf
 * or a constant. */
const char *da_report_machine(uint32_t machine, char buf[32]);

/** Room for da_report_end(), with the NUL. */
#define DA_REPORT_END 32

/** How the program ended: "exit 0", "signal 9", "exec", "unknown". @return @buf or a constant. */
const char *da_report_end(const struct da_model_quality *q, char buf[DA_REPORT_END]);

/** The machine of the recording, for da_callsite_address(). */
struct da_callsite_machine da_report_callsite(const struct da_header *h);

/** Base name of the recorded program, not cleaned, as a piece of header->program. */
struct da_text da_report_program(const struct da_header *h);

#endif
