/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * From a thread's stack ids to sites. A stack is resolved once, when the first event that uses it
 * has its turn: by the modules that are mapped at that moment. Equal stacks of all threads share
 * a site, also when a module was unloaded and mapped elsewhere in between.
 */
#ifndef DA_MODEL_SITES_H
#define DA_MODEL_SITES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "model/heap.h"
#include "model/lane.h"
#include "model/modules.h"
#include "model/stacks.h"

struct da_sites {
	struct da_stacks stacks;
	struct da_modules modules;
	uint32_t *site_of; /**< by stack node, 0: none yet; @n_site_of of them */
	size_t n_site_of, site_of_cap;
	uint64_t generation; /**< changes of the module map so far, plus 1 */
};

/** Make it empty. @word_bits: of the traced process. */
void da_sites_init(struct da_sites *s, uint32_t word_bits);

/** Free its memory. */
void da_sites_deinit(struct da_sites *s);

/** A stack was decoded (lane->work->event is DA_EXT_STACK): it waits for its first use. */
void da_sites_define(struct da_lane *lane);

/** Give the lane's unresolved stack its site, adding that to @h when it is new. */
void da_sites_resolve(struct da_sites *s, struct da_heap *h, struct da_lane *lane);

/** The site of stack @id of @lane, all of whose stacks are resolved. 0 for id 0. */
static inline uint32_t da_sites_get(const struct da_lane *lane, uint64_t id)
{
	return id < lane->n_sites ? lane->sites[id] : 0;
}

/** Have a MODULE_LOAD or MODULE_UNLOAD change the module map. */
void da_sites_change(struct da_sites *s, const struct da_event *event);

#endif
