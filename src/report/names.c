/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/decode.h"
#include "ds/intern.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "report/clean.h"

/* The addresses of one module, sorted, and what is known of each. */
struct lookup {
	uint64_t *addresses;
	size_t n, cap;
	uint32_t *first; /* n + 1 indices into da_names.frames; NULL: nothing is known */
};

struct da_names {
	const struct da_model *model;
	struct da_callsite_machine machine;
	struct da_intern texts;
	struct da_names_module *modules; /* of the model, then the one for no module */
	struct lookup *lookups; /* one for each of them */
	struct da_names_frame *frames;
	size_t n_frames, cap_frames;
	struct da_names_frame *stack; /* of da_names_stack() */
	size_t cap_stack;
};

static uint32_t put_text(struct da_names *n, const char *text, size_t len)
{
	char clean[DA_CLEAN_MAX + 1];

	if (da_clean_is_clean(text, len))
		return da_intern_put(&n->texts, text, len);
	return da_intern_put(&n->texts, clean, da_clean(clean, sizeof clean, text, len));
}

static uint32_t put_optional(struct da_names *n, const char *text)
{
	return text ? put_text(n, text, strlen(text)) : 0;
}

static const char *keep(struct da_names *n, const char *text, size_t len)
{
	return da_intern_get(&n->texts, put_text(n, text, len));
}

static size_t module_index(const struct da_names *n, uint32_t module)
{
	return module < n->model->n_modules ? module : n->model->n_modules;
}

/* ---- gathering the addresses */

static void gather(struct da_names *n, const struct da_model_frame *f)
{
	size_t i = module_index(n, f->module);
	struct lookup *l = &n->lookups[i];

	n->modules[i].in_stacks = true;
	l->addresses = da_vec_reserve(l->addresses, &l->cap, l->n + 1, sizeof *l->addresses);
	l->addresses[l->n++] = da_callsite_address(&n->machine, f->vaddr, f->exact);
}

static int compare_addresses(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_unique(struct lookup *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->addresses, l->n, sizeof *l->addresses, compare_addresses);
	for (size_t i = 0; i < l->n; i++)
		if (kept == 0 || l->addresses[i] != l->addresses[kept - 1])
			l->addresses[kept++] = l->addresses[i];
	l->n = kept;
}

/* Addresses repeat a lot; squeeze out repetitions before they fill the memory. */
static void squeeze(struct lookup *l)
{
	if (l->n < l->cap || l->n < 4096)
		return;
	sort_unique(l);
}

static void gather_all(struct da_names *n)
{
	struct da_model_frame frames[DA_STREAM_MAX_FRAMES];
	size_t n_lookups = n->model->n_modules + 1;

	for (size_t i = 0; i < n->model->n_sites; i++) {
		uint32_t depth = da_model_frames(n->model, &n->model->sites[i], frames);

		for (uint32_t k = 0; k < depth; k++) {
			squeeze(&n->lookups[module_index(n, frames[k].module)]);
			gather(n, &frames[k]);
		}
	}
	for (size_t i = 0; i < n_lookups; i++)
		sort_unique(&n->lookups[i]);
}

/* ---- looking them up */

static void add_frame(struct da_names *n, const struct da_names_frame *f)
{
	n->frames = da_vec_reserve(n->frames, &n->cap_frames, n->n_frames + 1, sizeof *n->frames);
	n->frames[n->n_frames] = *f;
	n->frames[n->n_frames].id = (uint32_t)n->n_frames;
	n->n_frames++;
}

static void add_address(struct da_names *n, uint32_t module, uint64_t address,
			const struct da_symbols_address *known)
{
	struct da_names_frame f = { .module = module, .address = address };

	if (!known || known->n_frames == 0)
		add_frame(n, &f);
	for (size_t i = 0; known && i < known->n_frames; i++) {
		const struct da_symbols_frame *s = &known->frames[i];

		f.function = put_optional(n, s->function);
		f.file = put_optional(n, s->file);
		f.line = s->line;
		f.inlined = s->inlined;
		add_frame(n, &f);
	}
}

static void take_addresses(struct da_names *n, size_t i, const struct da_symbols_module *result)
{
	struct lookup *l = &n->lookups[i];
	uint32_t module = i < n->model->n_modules ? (uint32_t)i : DA_MODEL_NO_MODULE;

	l->first = da_xcalloc(l->n + 1, sizeof *l->first);
	for (size_t k = 0; k < l->n; k++) {
		bool known = result && k < result->n_addresses;

		l->first[k] = (uint32_t)n->n_frames;
		add_address(n, module, l->addresses[k], known ? &result->addresses[k] : NULL);
	}
	l->first[l->n] = (uint32_t)n->n_frames;
}

static void take_module(struct da_names *n, size_t i, const struct da_symbols_module *result)
{
	struct da_names_module *m = &n->modules[i];

	m->verdict = result->verdict;
	m->reason = result->reason ? keep(n, result->reason, strlen(result->reason)) : NULL;
	if (result->file)
		m->file = keep(n, result->file, strlen(result->file));
	m->has_symbols = result->has_symbols;
	m->has_lines = result->has_lines;
}

static void fill_module(struct da_names *n, struct da_names_module *m,
			const struct da_model_module *from)
{
	char hex[2 * DA_STREAM_MAX_BUILD_ID + 1] = "";
	const char *slash;

	for (uint32_t i = 0; i < from->build_id_len && i < DA_STREAM_MAX_BUILD_ID; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", from->build_id[i]);
	m->path = keep(n, from->path, from->path_len);
	slash = strrchr(m->path, '/');
	m->base = slash && slash[1] ? slash + 1 : m->path;
	m->build_id = keep(n, hex, strlen(hex));
	m->verdict = DA_SYMBOLS_ABSENT;
}

static bool resolve(struct da_names *n, struct da_symbols *symbols, struct da_err *err)
{
	size_t count = n->model->n_modules;
	struct da_symbols_query *queries = da_xcalloc(count + 1, sizeof *queries);
	const struct da_symbols_module *results = NULL;
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		const struct da_model_module *m = &n->model->modules[i];

		queries[i] = (struct da_symbols_query){
			.path = m->path,
			.build_id = m->build_id,
			.build_id_len = m->build_id_len,
			.is_vdso = m->role == DA_MODULE_VDSO,
			.vaddrs = n->lookups[i].addresses,
			.n_vaddrs = n->lookups[i].n,
		};
	}
	if (symbols && count)
		good = da_symbols_resolve(symbols, queries, count, &results, err);
	for (size_t i = 0; good && results && i < count; i++)
		take_module(n, i, &results[i]);
	for (size_t i = 0; good && i <= count; i++)
		take_addresses(n, i, results && i < count ? &results[i] : NULL);
	free(queries);
	return good;
}

bool da_names_create(const struct da_model *model, struct da_symbols *symbols,
		     const struct da_callsite_machine *machine, struct da_names **names_out,
		     struct da_err *err)
{
	struct da_names *n = da_xcalloc(1, sizeof *n);

	*names_out = NULL;
	n->model = model;
	n->machine = *machine;
	da_intern_put(&n->texts, "", 0);
	n->modules = da_xcalloc(model->n_modules + 1, sizeof *n->modules);
	n->lookups = da_xcalloc(model->n_modules + 1, sizeof *n->lookups);
	for (size_t i = 0; i < model->n_modules; i++)
		fill_module(n, &n->modules[i], &model->modules[i]);
	fill_module(n, &n->modules[model->n_modules], &(struct da_model_module){ .path = "" });
	gather_all(n);
	if (!resolve(n, symbols, err)) {
		da_names_destroy(n);
		return false;
	}
	*names_out = n;
	return true;
}

void da_names_destroy(struct da_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i <= n->model->n_modules; i++) {
		free(n->lookups[i].addresses);
		free(n->lookups[i].first);
	}
	free(n->lookups);
	free(n->modules);
	free(n->frames);
	free(n->stack);
	da_intern_deinit(&n->texts);
	free(n);
}

/* ---- reading */

const char *da_names_text(const struct da_names *n, uint32_t text)
{
	return da_intern_get(&n->texts, text);
}

uint32_t da_names_count(const struct da_names *n)
{
	return (uint32_t)n->texts.n;
}

uint32_t da_names_frames(const struct da_names *n)
{
	return (uint32_t)n->n_frames;
}

const struct da_names_module *da_names_module_of(const struct da_names *n, uint32_t module)
{
	return &n->modules[module_index(n, module)];
}

static size_t append(struct da_names *n, size_t used, const struct da_model_frame *f)
{
	const struct lookup *l = &n->lookups[module_index(n, f->module)];
	uint64_t address = da_callsite_address(&n->machine, f->vaddr, f->exact);
	const uint64_t *at =
		bsearch(&address, l->addresses, l->n, sizeof *l->addresses, compare_addresses);
	uint32_t first = l->first[at - l->addresses];
	size_t count = l->first[at - l->addresses + 1] - first;

	n->stack = da_vec_reserve(n->stack, &n->cap_stack, used + count, sizeof *n->stack);
	memcpy(n->stack + used, n->frames + first, count * sizeof *n->stack);
	return used + count;
}

const struct da_names_frame *da_names_stack(struct da_names *n, const struct da_model_site *site,
					    size_t *count_out)
{
	struct da_model_frame frames[DA_STREAM_MAX_FRAMES];
	uint32_t depth = da_model_frames(n->model, site, frames);
	size_t used = 0;

	for (uint32_t i = 0; i < depth; i++)
		used = append(n, used, &frames[i]);
	*count_out = used;
	return n->stack;
}

const char *da_names_label(const struct da_names *n, const struct da_names_frame *f,
			   char buf[DA_NAMES_LABEL])
{
	const struct da_names_module *m = da_names_module_of(n, f->module);
	char base[256]; /* cut between characters */

	if (f->function)
		return da_names_text(n, f->function);
	da_clean(base, sizeof base, m->base, strlen(m->base));
	if (base[0])
		snprintf(buf, DA_NAMES_LABEL, "0x%" PRIx64 " [%s]", f->address, base);
	else
		snprintf(buf, DA_NAMES_LABEL, "0x%" PRIx64, f->address);
	return buf;
}
