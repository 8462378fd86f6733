/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Every text of a report, looked up once and cleaned once: functions, files, modules. What the
 * writers print of a recording's or an ELF file's texts comes from here (or through da_clean()).
 */
#ifndef DA_REPORT_NAMES_H
#define DA_REPORT_NAMES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"
#include "model/model.h"
#include "report/callsite.h"
#include "symbols/symbols.h"

/** One module with its verdict. Texts are cleaned and live as long as the da_names. */
struct da_names_module {
	const char *path; /**< as recorded; "" for pcs in no module */
	const char *base; /**< last component of @path */
	const char *file; /**< the file that was read, on this machine; NULL: none */
	const char *build_id; /**< hexadecimal, "" for none */
	enum da_symbols_verdict verdict;
	const char *reason; /**< for people, NULL: nothing to say */
	bool has_symbols, has_lines;
	bool in_stacks; /**< some frame is in this module */
};

/** One frame as shown; an address with inlined calls has several. */
struct da_names_frame {
	uint32_t function; /**< da_names_text(), 0: unknown */
	uint32_t file; /**< da_names_text(), 0: unknown */
	uint32_t line; /**< 0: unknown */
	uint32_t module; /**< da_names_module_of() */
	bool inlined;
	uint32_t id; /**< dense: the same for the same frame, < da_names_frames() */
	/**
	 * Where it was looked up: in the call instruction; ELF vaddr of the module, else run-time.
	 */
	da_addr address;
};

struct da_names;

/**
 * Look up the addresses of all sites of @model.
 *
 * @symbols: NULL: no names at all. @machine: of the recording.
 * @return false when the symbols layer cannot work at all; @err says why, *names_out is NULL.
 */
bool da_names_create(const struct da_model *model, struct da_symbols *symbols,
		     const struct da_callsite_machine *machine, struct da_names **names_out,
		     struct da_err *err);

/** Free everything. NULL is fine. */
void da_names_destroy(struct da_names *n);

/** Room for the text of an unknown function, with the NUL. */
#define DA_NAMES_LABEL 320

/** A cleaned text by number; 0 is "". Numbers are dense: 0 … da_names_count() - 1. */
const char *da_names_text(const struct da_names *n, uint32_t text);

/** How many texts there are. */
uint32_t da_names_count(const struct da_names *n);

/** How many different frames there are. */
uint32_t da_names_frames(const struct da_names *n);

/** A module by index in the model, or by DA_MODEL_NO_MODULE. */
const struct da_names_module *da_names_module_of(const struct da_names *n, uint32_t module);

/**
 * The frames of @site with inlined calls, innermost first.
 * @count_out: how many; 0 for a site without a stack.
 * @return an array that is valid until the next call.
 */
const struct da_names_frame *da_names_stack(struct da_names *n, const struct da_model_site *site,
					    size_t *count_out);

/**
 * What to call the frame's function: its name, else "0x1234 [libfoo.so]", so that unknown functions
 * at different addresses stay apart.
 * @buf: used when the function is unknown. @return @buf or a text of @n.
 */
const char *da_names_label(const struct da_names *n, const struct da_names_frame *f,
			   char buf[DA_NAMES_LABEL]);

#endif
