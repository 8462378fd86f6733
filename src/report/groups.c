/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/groups.h"

#include <stdlib.h>

#include "codec/decode.h"
#include "ds/intern.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "report/wrappers.h"

/* What tells places apart. No padding: it is hashed as bytes. */
struct place {
	uint32_t module, file, function, line;
	uint32_t is_stackless, unused;
	uint64_t address; /* 0 when the function is known */
};

struct builder {
	const struct da_report *r;
	struct da_groups *g;
	size_t cap;
	struct da_intern places; /* numbers are those of the groups */
	uint32_t *group_of; /* by site */
	uint8_t *is_wrapper; /* by text, as a function or a file: 0 not asked yet, 1 no, 2 yes */
};

void da_group_add(struct da_group_sums *sums, const struct da_model_site *site)
{
	sums->alloc_calls += site->alloc_calls;
	sums->alloc_bytes += site->alloc_bytes;
	sums->live_bytes += site->live_bytes;
	sums->live_blocks += site->live_blocks;
	sums->peak_bytes += site->peak_bytes;
	sums->peak_blocks += site->peak_blocks;
	sums->temporary_blocks += site->temporary_blocks;
	if (site->sampled)
		da_model_sampled_add(&sums->sampled, site->sampled);
}

struct da_model_amount da_group_sampled(const struct da_group_sums *sums, enum da_report_key key)
{
	switch (key) {
	case DA_REPORT_KEY_LEAKED: return sums->sampled.live;
	case DA_REPORT_KEY_BYTES:
	case DA_REPORT_KEY_CALLS: return sums->sampled.alloc;
	case DA_REPORT_KEY_TEMPORARY: return sums->sampled.temporary;
	default: return sums->sampled.peak;
	}
}

uint64_t da_group_value(const struct da_group_sums *sums, enum da_report_key key)
{
	struct da_model_site as_site = {
		.alloc_calls = sums->alloc_calls,
		.alloc_bytes = sums->alloc_bytes,
		.live_bytes = sums->live_bytes,
		.peak_bytes = sums->peak_bytes,
		.temporary_blocks = sums->temporary_blocks,
	};

	return da_report_site_value(&as_site, key);
}

static bool is_in_shim(const struct da_report *r, const struct da_names_frame *f)
{
	return f->module < r->model->n_modules &&
	       r->model->modules[f->module].role == DA_MODULE_SHIM;
}

/* Whether @test holds for a text; it is asked once per text. */
static bool ask(struct builder *b, uint32_t text, bool (*test)(const char *))
{
	uint8_t *known = &b->is_wrapper[text];

	if (!*known)
		*known = test(da_names_text(b->r->names, text)) ? 2 : 1;
	return *known == 2;
}

/* The index of the frame that asked. */
static size_t own_frame(struct builder *b, const struct da_names_frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ask(b, frames[i].function, da_wrappers_has) &&
		    !ask(b, frames[i].file, da_wrappers_has_file) && !is_in_shim(b->r, &frames[i]))
			return i;
	return n - 1;
}

bool da_groups_is_own(const struct da_group *group, const struct da_names_frame *f)
{
	const struct da_names_frame *own = &group->own;

	return !group->is_stackless && f->module == own->module && f->file == own->file &&
	       f->function == own->function && f->line == own->line &&
	       (f->function || f->address == own->address);
}

static uint32_t put_group(struct builder *b, const struct place *place,
			  const struct da_names_frame *own, const struct da_names_frame *via)
{
	uint32_t i = da_intern_put(&b->places, place, sizeof *place);

	b->g->groups = da_vec_reserve(b->g->groups, &b->cap, (size_t)i + 1, sizeof *b->g->groups);
	if (i == b->g->n) {
		b->g->groups[i] = (struct da_group){ .is_stackless = !own, .has_via = via };
		if (own)
			b->g->groups[i].own = *own;
		if (via)
			b->g->groups[i].via = *via;
		b->g->n++;
	} else if (!via || via->function != b->g->groups[i].via.function) {
		b->g->groups[i].has_via = false;
	}
	return i;
}

static void add_site(struct builder *b, size_t index)
{
	const struct da_model_site *site = &b->r->model->sites[index];
	const struct da_names_frame *own = NULL, *via = NULL;
	struct place place = { .is_stackless = 1 };
	size_t n;
	const struct da_names_frame *frames = da_names_stack(b->r->names, site, &n);
	uint32_t group;

	if (n) {
		own = &frames[own_frame(b, frames, n)];
		via = own > frames ? own - 1 : NULL;
		place = (struct place){ .module = own->module,
					.file = own->file,
					.function = own->function,
					.line = own->line,
					.address = own->function ? 0 : own->address };
	}
	group = put_group(b, &place, own, via);
	b->group_of[index] = group;
	b->g->groups[group].n++;
	da_group_add(&b->g->groups[group].sums, site);
}

/* Sort the sites by group (counting sort: their order within a group stays). */
static void fill_sites(struct builder *b, size_t n_sites)
{
	uint32_t next = 0;

	b->g->sites = da_xcalloc(n_sites + 1, sizeof *b->g->sites);
	for (size_t i = 0; i < b->g->n; i++) {
		b->g->groups[i].first = next;
		next += b->g->groups[i].n;
		b->g->groups[i].n = 0;
	}
	for (size_t i = 0; i < n_sites; i++) {
		struct da_group *group = &b->g->groups[b->group_of[i]];

		b->g->sites[group->first + group->n++] = (uint32_t)i;
	}
}

void da_groups_init(struct da_groups *g, const struct da_report *r)
{
	size_t n_sites = r->model->n_sites;
	struct builder b = { .r = r, .g = g };

	*g = (struct da_groups){ .n = 0 };
	b.group_of = da_xcalloc(n_sites + 1, sizeof *b.group_of);
	b.is_wrapper = da_xcalloc(da_names_count(r->names), sizeof *b.is_wrapper);
	for (size_t i = 0; i < n_sites; i++)
		add_site(&b, i);
	fill_sites(&b, n_sites);
	free(b.group_of);
	free(b.is_wrapper);
	da_intern_deinit(&b.places);
}

void da_groups_deinit(struct da_groups *g)
{
	free(g->groups);
	free(g->sites);
}
