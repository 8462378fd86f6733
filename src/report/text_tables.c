/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "report/clean.h"
#include "report/text.h"
#include "report/units.h"

/* ---- histogram */

/* Class 0 is size 0, class n > 0 is 2^(n-1) … 2^n - 1. */
#define CLASSES 65
#define BAR_COLUMNS 34

static unsigned class_of(uint64_t size)
{
	unsigned n = 0;

	for (; size; size >>= 1)
		n++;
	return n;
}

static void class_label(unsigned class, char *text, size_t size)
{
	char low[DA_UNITS_TEXT], high[DA_UNITS_TEXT];
	uint64_t from = class ? (uint64_t)1 << (class - 1) : 0;

	if (class <= 1)
		snprintf(text, size, "%u B", class);
	else if (class <= 10)
		snprintf(text, size, "%" PRIu64 " - %" PRIu64 " B", from, 2 * from - 1);
	else if (class < 64)
		snprintf(text, size, "%s - %s", da_units_bytes(low, from),
			 da_units_bytes(high, 2 * from));
	else
		snprintf(text, size, "%s -", da_units_bytes(low, from));
}

static void put_class(const struct da_text_page *t, unsigned class, const uint64_t *calls,
		      uint64_t most)
{
	char label[80], count[DA_UNITS_TEXT], share[DA_UNITS_TEXT];
	unsigned bar =
		most ? (unsigned)((double)calls[class] / (double)most * BAR_COLUMNS + 0.5) : 0;

	class_label(class, label, sizeof label);
	fprintf(t->layout.out, "%22s %12s %7s", label, da_units_short(count, calls[class]),
		da_units_share(share, calls[class], t->r->model->totals.alloc_calls));
	fputs(bar || calls[class] ? "  " : "", t->layout.out);
	for (unsigned i = 0; i < bar; i++)
		putc('#', t->layout.out);
	fputs(!bar && calls[class] ? ".\n" : "\n", t->layout.out);
}

void da_text_put_histogram(const struct da_text_page *t)
{
	const struct da_model *m = t->r->model;
	uint64_t calls[CLASSES] = { 0 }, most = 0;
	unsigned first = CLASSES, last = 0;

	for (size_t i = 0; i < m->n_sizes; i++) {
		unsigned class = class_of(m->sizes[i].size);

		calls[class] += m->sizes[i].calls;
		first = class < first ? class : first;
		last = class > last ? class : last;
	}
	if (first == CLASSES) {
		da_layout_heading(&t->layout, "HISTOGRAM", "nothing was allocated");
		return;
	}
	for (unsigned i = first; i <= last; i++)
		most = calls[i] > most ? calls[i] : most;
	da_layout_heading(&t->layout, "HISTOGRAM", "allocations by size of the block");
	fprintf(t->layout.out, "%22s %12s %7s\n", "size", "allocations", "share");
	for (unsigned i = first; i <= last; i++)
		put_class(t, i, calls, most);
}

/* ---- threads */

static int compare_threads(const void *a, const void *b)
{
	const struct da_model_thread *x = *(const struct da_model_thread *const *)a;
	const struct da_model_thread *y = *(const struct da_model_thread *const *)b;

	if (x->alloc_bytes != y->alloc_bytes)
		return x->alloc_bytes > y->alloc_bytes ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void put_thread(const struct da_text_page *t, const struct da_model_thread *thread)
{
	struct da_layout_row row = {
		.bytes = thread->alloc_bytes,
		.blocks = thread->alloc_calls,
		.part = thread->alloc_bytes,
		.whole = t->r->model->totals.alloc_bytes,
		.average_bytes = thread->alloc_bytes,
		.average_blocks = thread->alloc_calls,
	};
	char name[64], text[96];

	da_layout_row(&t->layout, &row);
	da_clean(name, sizeof name, thread->name, strlen(thread->name));
	snprintf(text, sizeof text, "%" PRIu64 " %s", thread->tid, name);
	fputs("  ", t->layout.out);
	da_layout_wrap(&t->layout, DA_LAYOUT_ROW + 2, DA_LAYOUT_ROW + 4, 3, text);
}

void da_text_put_threads(const struct da_text_page *t)
{
	const struct da_model *m = t->r->model;
	const struct da_model_thread **sorted = da_xcalloc(m->n_threads + 1, sizeof *sorted);
	size_t limit = t->options->limit && t->options->limit < m->n_threads ? t->options->limit :
									       m->n_threads;
	char text[64];

	for (size_t i = 0; i < m->n_threads; i++)
		sorted[i] = &m->threads[i];
	qsort(sorted, m->n_threads, sizeof *sorted, compare_threads);
	snprintf(text, sizeof text, "%zu, with what they allocated", m->n_threads);
	da_layout_heading(&t->layout, "THREADS", text);
	da_layout_row_head(&t->layout, "thread");
	for (size_t i = 0; i < limit; i++)
		put_thread(t, sorted[i]);
	if (limit < m->n_threads)
		fprintf(t->layout.out, "%*s  %zu further threads\n", DA_LAYOUT_ROW, "",
			m->n_threads - limit);
	free(sorted);
}

/* ---- modules */

struct usage {
	struct da_group_sums sums;
	uint32_t module; /* n_modules: of no module */
};

static int compare_usages(const void *a, const void *b)
{
	const struct usage *x = a, *y = b;

	if (x->sums.peak_bytes != y->sums.peak_bytes)
		return x->sums.peak_bytes > y->sums.peak_bytes ? -1 : 1;
	return x->module < y->module ? -1 : x->module > y->module;
}

static struct usage *usages_of(const struct da_text_page *t)
{
	size_t n = t->r->model->n_modules;
	struct usage *all = da_xcalloc(n + 1, sizeof *all);

	for (size_t i = 0; i <= n; i++)
		all[i].module = (uint32_t)i;
	for (size_t i = 0; i < t->groups->n; i++) {
		const struct da_group *g = &t->groups->groups[i];
		bool has_module = !g->is_stackless && g->own.module < n;
		struct usage *u = &all[has_module ? g->own.module : n];

		for (uint32_t k = 0; k < g->n; k++)
			da_group_add(&u->sums, &t->r->model->sites[t->groups->sites[g->first + k]]);
	}
	qsort(all, n + 1, sizeof *all, compare_usages);
	return all;
}

static void put_verdict(const struct da_text_page *t, const struct da_names_module *m)
{
	char text[2 * DA_CLEAN_MAX + 256];

	snprintf(text, sizeof text, "build-id %.16s%s, file: %s, names: %s, lines: %s%s%s",
		 m->build_id[0] ? m->build_id : "none", strlen(m->build_id) > 16 ? "..." : "",
		 da_symbols_verdict_text(m->verdict), m->has_symbols ? "yes" : "no",
		 m->has_lines ? "yes" : "no", m->reason ? "; " : "", m->reason ? m->reason : "");
	fputs("      ", t->layout.out);
	da_layout_wrap(&t->layout, 6, 8, 6, text);
}

static void put_usage(const struct da_text_page *t, const struct usage *u)
{
	const struct da_names_module *m = da_names_module_of(t->r->names, u->module);
	struct da_layout_row row = {
		.bytes = u->sums.peak_bytes,
		.blocks = u->sums.peak_blocks,
		.part = u->sums.peak_bytes,
		.whole = t->r->model->totals.peak_bytes,
		.average_bytes = u->sums.peak_bytes,
		.average_blocks = u->sums.peak_blocks,
	};

	if (!m->in_stacks && !u->sums.alloc_calls)
		return;
	da_layout_row(&t->layout, &row);
	fputs("  ", t->layout.out);
	da_layout_wrap(&t->layout, DA_LAYOUT_ROW + 2, DA_LAYOUT_ROW + 4, 4,
		       m->path[0] ? m->path : "[no module]");
	if (m->path[0])
		put_verdict(t, m);
}

void da_text_put_modules(const struct da_text_page *t)
{
	struct usage *all = usages_of(t);
	size_t used = 0;
	char text[96];

	for (uint32_t i = 0; i < t->r->model->n_modules; i++)
		used += da_names_module_of(t->r->names, i)->in_stacks;
	snprintf(text, sizeof text, "%zu of %zu are in stacks; what their own code had at the peak",
		 used, t->r->model->n_modules);
	da_layout_heading(&t->layout, "MODULES", text);
	da_layout_row_head(&t->layout, "module");
	for (size_t i = 0; i <= t->r->model->n_modules; i++)
		put_usage(t, &all[i]);
	free(all);
}
