/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The module map of the traced process as it changes, and every file that was ever in it. */
#ifndef DA_MODEL_MODULES_H
#define DA_MODEL_MODULES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "codec/decode.h"
#include "ds/arena.h"
#include "ds/intern.h"
#include "model/model.h"
#include "model/stacks.h"

/** Most modules mapped at once (what the shim keeps), and most files ever. Further ones are left
 * out: their frames have no module. */
#define DA_MODULES_MAPPED_MAX 4096
#define DA_MODULES_FILES_MAX 65536

/** A mapped module. */
struct da_modules_mapping {
	struct da_stacks_range range; /**< no two overlap */
	uint64_t id; /**< as in the recording */
};

/** Zero-filled, then @mask. */
struct da_modules {
	da_addr mask; /**< 2^word_bits - 1 */
	struct da_modules_mapping *mapped; /**< by address */
	size_t n_mapped, mapped_cap;
	size_t last; /**< mapping found last */
	struct da_model_module *files; /**< by number in @names */
	size_t n_files, files_cap;
	struct da_intern names; /**< path, NUL, build-id */
	struct da_arena arena;
};

/**
 * A module was mapped (event->module). Whatever was there before has gone unseen.
 * @return the range it covers, until the next change; NULL when it is left out or empty.
 */
const struct da_stacks_range *da_modules_load(struct da_modules *m, const struct da_event *event);

/** A module is gone. @return whether it was there. */
bool da_modules_unload(struct da_modules *m, uint64_t id);

/** What is mapped at @pc, NULL: nothing known. */
const struct da_stacks_range *da_modules_find(struct da_modules *m, da_addr pc);

/** Free everything. */
void da_modules_deinit(struct da_modules *m);

#endif
