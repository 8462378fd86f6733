/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/sites.h"

#include <stdlib.h>
#include <string.h>

#include "ds/vec.h"

void da_sites_init(struct da_sites *s, uint32_t word_bits)
{
	*s = (struct da_sites){ .generation = 1 };
	da_stacks_init(&s->stacks);
	s->modules.mask = word_bits == 32 ? UINT32_MAX : UINT64_MAX;
}

void da_sites_deinit(struct da_sites *s)
{
	da_stacks_deinit(&s->stacks);
	da_modules_deinit(&s->modules);
	free(s->site_of);
}

void da_sites_define(struct da_lane *lane)
{
	lane->unresolved = true;
	lane->stack_end = lane->work->event.new_stack.end;
	lane->stack_keep = lane->work->event.new_stack.keep;
}

static struct da_model_frame frame_of(struct da_sites *s, da_addr pc, bool exact)
{
	struct da_model_frame frame = { .module = DA_MODEL_NO_MODULE, .exact = exact };
	const struct da_stacks_range *range;

	frame.vaddr = pc & s->modules.mask;
	/* a return address may be the first byte behind its module */
	range = da_modules_find(&s->modules, exact ? frame.vaddr : frame.vaddr - 1);
	if (range) {
		frame.module = range->module;
		frame.vaddr = (frame.vaddr - range->bias) & range->mask;
	}
	return frame;
}

/* Bring work->path up to date with the frames of the stack defined last. @return its leaf. */
static uint32_t walk(struct da_sites *s, struct da_lane *lane)
{
	struct da_lane_work *w = lane->work;
	uint32_t depth = w->decoder.last_depth, root = da_stacks_root(lane->stack_end);
	bool is_valid = w->path_generation == s->generation && w->path_root == root;
	size_t kept = is_valid && lane->stack_keep < w->path_len ? lane->stack_keep :
		      is_valid                                   ? w->path_len :
								   0;
	uint32_t node = kept ? w->path[kept - 1] : root;

	w->path = da_vec_reserve(w->path, &w->path_cap, depth, sizeof(*w->path));
	for (size_t i = kept; i < depth; i++) {
		struct da_model_frame f = frame_of(s, w->decoder.frames[i], w->decoder.exact[i]);

		w->path[i] = node = da_stacks_put(&s->stacks, node, &f);
	}
	w->path_len = depth;
	w->path_generation = s->generation;
	w->path_root = root;
	return node;
}

static uint32_t site_of(struct da_sites *s, struct da_heap *h, const struct da_lane *lane,
			uint32_t node)
{
	if (node >= s->n_site_of) {
		size_t n = s->stacks.n;

		s->site_of = da_vec_reserve(s->site_of, &s->site_of_cap, n, sizeof(*s->site_of));
		memset(s->site_of + s->n_site_of, 0, (n - s->n_site_of) * sizeof(*s->site_of));
		s->n_site_of = n;
	}
	if (!s->site_of[node])
		s->site_of[node] =
			da_heap_add_site(h, node, lane->work->decoder.last_depth, lane->stack_end);
	return s->site_of[node];
}

void da_sites_resolve(struct da_sites *s, struct da_heap *h, struct da_lane *lane)
{
	size_t id = lane->work->decoder.n_stacks;
	size_t old = lane->n_sites;

	lane->sites = da_vec_reserve(lane->sites, &lane->sites_cap, id + 1, sizeof(*lane->sites));
	memset(lane->sites + old, 0, (id + 1 - old) * sizeof(*lane->sites));
	lane->sites[id] = site_of(s, h, lane, walk(s, lane));
	lane->n_sites = id + 1;
	lane->unresolved = false;
}

void da_sites_change(struct da_sites *s, const struct da_event *event)
{
	const struct da_stacks_range *range;

	s->generation++;
	if (event->ext == DA_EXT_MODULE_UNLOAD) {
		if (da_modules_unload(&s->modules, event->module.id))
			da_stacks_settle(&s->stacks);
		return;
	}
	range = da_modules_load(&s->modules, event);
	if (range)
		da_stacks_adopt(&s->stacks, range);
}
