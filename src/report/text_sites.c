/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ds/intern.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "report/brief.h"
#include "report/clean.h"
#include "report/text.h"
#include "report/units.h"
#include "report/wrappers.h"

#define NAME_INDENT 6
#define FRAME_INDENT 11 /* behind "from " at NAME_INDENT */
#define NAME_LINES 6
/* A function, its file and its module, each of any length. */
#define FRAME_TEXT (3 * DA_CLEAN_MAX + 64)
#define ERROR_TEXT (2 * DA_UNITS_TEXT + 32)

/* What one section counts. */
struct view {
	const char *title;
	const char *nothing; /* said when there is nothing to list */
	enum da_report_key key;
	uint64_t whole;
};

/* Something to list: a group or, within one, stacks that read alike. */
struct item {
	struct da_group_sums sums;
	uint64_t value;
	uint32_t index; /* group, or a site */
	uint32_t n_alike; /* sites that look like it */
};

/* ---- numbers */

static struct da_layout_row row_of(const struct view *v, const struct da_group_sums *s)
{
	struct da_layout_row row = { .part = da_group_value(s, v->key), .whole = v->whole };

	row.bytes = row.average_bytes = s->alloc_bytes;
	row.blocks = row.average_blocks = s->alloc_calls;
	if (v->key == DA_REPORT_KEY_PEAK) {
		row.bytes = row.average_bytes = s->peak_bytes;
		row.blocks = row.average_blocks = s->peak_blocks;
	} else if (v->key == DA_REPORT_KEY_LEAKED) {
		row.bytes = row.average_bytes = s->live_bytes;
		row.blocks = row.average_blocks = s->live_blocks;
	} else if (v->key == DA_REPORT_KEY_TEMPORARY) {
		row.bytes = UINT64_MAX; /* their bytes are not counted apart */
		row.blocks = s->temporary_blocks;
	}
	return row;
}

/* "+- 1.20 MiB, 34 sampled": how far the row's own measure may be off. */
static const char *error_text(const struct view *v, const struct da_group_sums *s, char *text,
			      size_t size)
{
	struct da_model_amount a = da_group_sampled(s, v->key);
	bool is_blocks = v->key == DA_REPORT_KEY_CALLS || v->key == DA_REPORT_KEY_TEMPORARY;
	char error[DA_UNITS_TEXT], sampled[DA_UNITS_TEXT];

	if (is_blocks)
		da_units_short(error, da_model_error(a.blocks_variance));
	else
		da_units_bytes(error, da_model_error(a.bytes_variance));
	snprintf(text, size, "+- %s%s, %s sampled", error, is_blocks ? " blocks" : "",
		 da_units_short(sampled, a.blocks));
	return text;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint64_t sort_value(const struct da_text_page *t, const struct view *v,
			   const struct da_group_sums *s)
{
	enum da_report_key key = t->options->sort ? t->options->sort : v->key;

	return da_group_value(s, key);
}

/* ---- frames */

/* What to call a function in a line of text. @buf: DA_CLEAN_MAX + 1 bytes. */
static const char *short_label(const struct da_text_page *t, const struct da_names_frame *f,
			       char *buf)
{
	const char *name = da_names_text(t->r->names, f->function);

	if (!f->function)
		return da_names_label(t->r->names, f, buf);
	return t->options->full_names ? name : da_brief(buf, DA_CLEAN_MAX + 1, name);
}

static void frame_text(const struct da_text_page *t, const struct da_names_frame *f, char *text,
		       bool with_module)
{
	const struct da_names *names = t->r->names;
	const struct da_names_module *m = da_names_module_of(names, f->module);
	const char *file = da_names_text(names, f->file);
	const char *slash = strrchr(file, '/');
	char label[DA_CLEAN_MAX + 1];
	int n = snprintf(text, FRAME_TEXT, "%s", short_label(t, f, label));

	if (f->file)
		n += snprintf(text + n, FRAME_TEXT - (size_t)n, " (%s:%" PRIu32 ")",
			      slash && slash[1] ? slash + 1 : file, f->line);
	if (with_module && f->function && m->base[0])
		snprintf(text + n, FRAME_TEXT - (size_t)n, " [%s]", m->base);
}

static void put_frame(const struct da_text_page *t, const struct da_names_frame *frames, size_t i,
		      bool is_first)
{
	char text[FRAME_TEXT];
	bool is_new = i == 0 || frames[i].module != frames[i - 1].module;

	frame_text(t, &frames[i], text, is_new);
	fprintf(t->layout.out, "%*s", FRAME_INDENT, is_first ? "from " : "");
	da_layout_wrap(&t->layout, FRAME_INDENT, FRAME_INDENT + 2, NAME_LINES, text);
}

/* Frames from the one outside the group's place on; where they start in @frames. */
static size_t outer_frames(const struct da_group *group, const struct da_names_frame *frames,
			   size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (da_groups_is_own(group, &frames[i]))
			return i + 1;
	return n;
}

/* Frames that a libc may have outside main(). */
#define OUTSIDE_MAIN 4

/* How many of @n frames there are without those that every stack begins with. */
static size_t without_start(const struct da_text_page *t, const struct da_names_frame *frames,
			    size_t n)
{
	for (size_t i = 1; i <= OUTSIDE_MAIN && i <= n; i++)
		if (strcmp(da_names_text(t->r->names, frames[n - i].function), "main") == 0)
			return n - i + 1;
	while (n > 0 && da_wrappers_is_start(da_names_text(t->r->names, frames[n - 1].function)))
		n--;
	return n;
}

/* The frames of one stack that are shown: [first, end) of @n. */
struct shown {
	const struct da_names_frame *frames;
	size_t first, end, n;
};

static struct shown shown_frames(const struct da_text_page *t, const struct da_group *group,
				 uint32_t site)
{
	uint32_t depth = t->options->depth;
	struct shown s;

	s.frames = da_names_stack(t->r->names, &t->r->model->sites[site], &s.n);
	s.first = outer_frames(group, s.frames, s.n);
	s.n = without_start(t, s.frames, s.n);
	if (s.first > s.n)
		s.first = s.n;
	/* "1 further frame" would take the line that the frame itself needs. */
	s.end = depth && s.n - s.first > (size_t)depth + 1 ? s.first + depth : s.n;
	return s;
}

/* @n_alike: stacks that look like this one as far as they are shown. */
static void put_stack(const struct da_text_page *t, const struct da_group *group, uint32_t site,
		      uint32_t n_alike)
{
	struct shown s = shown_frames(t, group, site);

	for (size_t i = s.first; i < s.end; i++)
		put_frame(t, s.frames, i, i == s.first);
	if (s.end == s.n)
		return;
	if (n_alike > 1)
		fprintf(t->layout.out, "%*s... then %" PRIu32 " different callers\n", FRAME_INDENT,
			"", n_alike);
	else
		fprintf(t->layout.out, "%*s... %zu further frames\n", FRAME_INDENT, "",
			s.n - s.end);
}

/* ---- stacks of one group */

/* What of a frame can be seen. No padding: it is hashed as bytes. */
struct look {
	uint32_t function, file, line, module;
	uint64_t address; /* 0 when the function is known */
};

/* A number for what is shown of the stack: the same for stacks that look alike. */
static uint32_t put_outer(struct da_intern *seen, const struct da_text_page *t,
			  const struct da_group *group, uint32_t site)
{
	struct shown s = shown_frames(t, group, site);
	struct look *looks = da_xcalloc(s.end - s.first + 1, sizeof *looks);
	size_t n = 0;
	uint32_t id;

	for (size_t i = s.first; i < s.end; i++) {
		const struct da_names_frame *f = &s.frames[i];

		looks[n++] = (struct look){ f->function, f->file, f->line, f->module,
					    f->function ? 0 : f->address };
	}
	n += s.end < s.n; /* one that goes on looks different from one that does not */
	id = da_intern_put(seen, looks, n * sizeof *looks);
	free(looks);
	return id;
}

/* The group's stacks, those that look alike as one, sorted; free() them. */
static struct item *stacks_of(const struct da_text_page *t, const struct view *v,
			      const struct da_group *group, size_t *n_out)
{
	struct da_intern seen = { .n = 0 };
	struct item *items = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < group->n; i++) {
		uint32_t site = t->groups->sites[group->first + i];
		size_t before = seen.n;
		uint32_t at = put_outer(&seen, t, group, site);

		items = da_vec_reserve(items, &cap, (size_t)at + 1, sizeof *items);
		if (at == before)
			items[at] = (struct item){ .index = site };
		da_group_add(&items[at].sums, &t->r->model->sites[site]);
		items[at].n_alike++;
	}
	*n_out = seen.n;
	da_intern_deinit(&seen);
	for (size_t i = 0; i < *n_out; i++)
		items[i].value = sort_value(t, v, &items[i].sums);
	qsort(items, *n_out, sizeof *items, compare_items);
	return items;
}

static bool has_part(const struct view *v, const struct item *item)
{
	return da_group_value(&item->sums, v->key) > 0;
}

static size_t keep_parts(const struct view *v, struct item *items, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (has_part(v, &items[i]))
			items[kept++] = items[i];
	return kept;
}

static void add_sums(struct da_group_sums *to, const struct da_group_sums *from)
{
	to->alloc_calls += from->alloc_calls;
	to->alloc_bytes += from->alloc_bytes;
	to->live_bytes += from->live_bytes;
	to->live_blocks += from->live_blocks;
	to->peak_bytes += from->peak_bytes;
	to->peak_blocks += from->peak_blocks;
	to->temporary_blocks += from->temporary_blocks;
}

/* One row for all of @items: what the limit left out. */
static void put_rest(const struct da_text_page *t, const struct view *v, const struct item *items,
		     size_t n, const char *what)
{
	struct da_group_sums sums = { .alloc_calls = 0 };
	char count[DA_UNITS_TEXT];
	struct da_layout_row row;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		add_sums(&sums, &items[i].sums);
	row = row_of(v, &sums);
	da_layout_row(&t->layout, &row);
	fprintf(t->layout.out, "  %s further %s%s\n", da_units_count(count, n), what,
		n == 1 ? "" : "s");
}

static void put_stacks(const struct da_text_page *t, const struct view *v,
		       const struct da_group *group)
{
	size_t n, shown;
	struct item *items = stacks_of(t, v, group, &n);
	char error[ERROR_TEXT];

	n = keep_parts(v, items, n);
	shown = t->options->sub_limit && n > t->options->sub_limit ? t->options->sub_limit : n;
	for (size_t i = 0; i < shown; i++) {
		if (n > 1) {
			struct da_layout_row row = row_of(v, &items[i].sums);

			da_layout_row(&t->layout, &row);
			if (t->r->model->sample_bytes)
				fprintf(t->layout.out, "  %s",
					error_text(v, &items[i].sums, error, sizeof error));
			putc('\n', t->layout.out);
		}
		put_stack(t, group, items[i].index, items[i].n_alike);
	}
	put_rest(t, v, items + shown, n - shown, "stack");
	free(items);
}

/* ---- groups */

static void put_place(const struct da_text_page *t, const struct da_group *group)
{
	const struct da_names *names = t->r->names;
	const struct da_names_frame *own = &group->own;
	const struct da_names_module *m = da_names_module_of(names, own->module);
	char text[FRAME_TEXT], label[DA_CLEAN_MAX + 1];
	int n;

	if (!own->function)
		return; /* its label says all there is */
	n = own->file ? snprintf(text, sizeof text, "at %s:%" PRIu32,
				 da_names_text(names, own->file), own->line) :
			snprintf(text, sizeof text, "at 0x%" PRIx64, own->address);
	if (m->base[0])
		n += snprintf(text + n, sizeof text - (size_t)n, " in %s", m->base);
	if (group->has_via && group->via.function)
		snprintf(text + n, sizeof text - (size_t)n, ", calling %s",
			 short_label(t, &group->via, label));
	fprintf(t->layout.out, "%*s", NAME_INDENT, "");
	da_layout_wrap(&t->layout, NAME_INDENT, NAME_INDENT + 3, NAME_LINES, text);
}

/* The name beside the numbers where it fits, else below them. */
static void put_name(const struct da_text_page *t, const char *name)
{
	const struct da_layout *l = &t->layout;

	if (da_clean_columns(name, strlen(name)) <= l->columns - DA_LAYOUT_ROW - 2) {
		fprintf(l->out, "  %s\n", name);
		return;
	}
	fprintf(l->out, "\n%*s", NAME_INDENT, "");
	da_layout_wrap(l, NAME_INDENT, NAME_INDENT + 2, NAME_LINES, name);
}

static void put_group(const struct da_text_page *t, const struct view *v, const struct item *item)
{
	const struct da_group *group = &t->groups->groups[item->index];
	struct da_layout_row row = row_of(v, &item->sums);
	char label[DA_CLEAN_MAX + 1], part[DA_UNITS_TEXT], all[DA_UNITS_TEXT], share[DA_UNITS_TEXT];
	char error[ERROR_TEXT];

	da_layout_row(&t->layout, &row);
	put_name(t, group->is_stackless ? "[no stack]" : short_label(t, &group->own, label));
	if (group->is_stackless)
		return;
	if (t->r->model->sample_bytes)
		fprintf(t->layout.out, "%*s%s\n", NAME_INDENT, "",
			error_text(v, &item->sums, error, sizeof error));
	put_place(t, group);
	if (v->key == DA_REPORT_KEY_TEMPORARY)
		fprintf(t->layout.out, "%*s%s of %s blocks from here (%s)\n", NAME_INDENT, "",
			da_units_count(part, item->sums.temporary_blocks),
			da_units_count(all, item->sums.alloc_calls),
			da_units_share(share, item->sums.temporary_blocks, item->sums.alloc_calls));
	put_stacks(t, v, group);
}

static struct item *items_of(const struct da_text_page *t, const struct view *v, size_t *n_out)
{
	struct item *items = da_xcalloc(t->groups->n + 1, sizeof *items);

	for (size_t i = 0; i < t->groups->n; i++) {
		items[i].sums = t->groups->groups[i].sums;
		items[i].value = sort_value(t, v, &items[i].sums);
		items[i].index = (uint32_t)i;
	}
	*n_out = keep_parts(v, items, t->groups->n);
	qsort(items, *n_out, sizeof *items, compare_items);
	return items;
}

static void put_view(const struct da_text_page *t, const struct view *v, const char *summary)
{
	size_t n, shown;
	struct item *items;

	da_layout_heading(&t->layout, v->title, v->whole ? summary : v->nothing);
	if (!v->whole)
		return;
	items = items_of(t, v, &n);
	shown = t->options->limit && n > t->options->limit ? t->options->limit : n;
	if (!n && t->r->model->sample_bytes)
		fprintf(t->layout.out, "  none of these blocks was sampled\n");
	else
		da_layout_row_head(&t->layout, "site");
	for (size_t i = 0; i < shown; i++)
		put_group(t, v, &items[i]);
	put_rest(t, v, items + shown, n - shown, "site");
	free(items);
}

void da_text_put_sites(const struct da_text_page *t, enum da_text_section section)
{
	const struct da_model_totals *all = &t->r->model->totals;
	char a[DA_UNITS_TEXT], b[DA_UNITS_TEXT], c[DA_UNITS_TEXT], summary[256];
	struct view v = { .title = "PEAK", .nothing = "nothing was allocated" };

	if (section == DA_TEXT_PEAK) {
		v.key = DA_REPORT_KEY_PEAK;
		v.whole = all->peak_bytes;
		snprintf(summary, sizeof summary, "%s live in %s at %s",
			 da_units_bytes(a, all->peak_bytes), da_units_blocks(b, all->peak_blocks),
			 da_units_time(c, all->peak_time_ns));
	} else if (section == DA_TEXT_LEAKS) {
		v = (struct view){ "LEAKS", "every block was freed", DA_REPORT_KEY_LEAKED,
				   all->live_bytes };
		if (!all->alloc_calls)
			v.nothing = "nothing was allocated";
		if (all->live_blocks)
			v.nothing = "only blocks of 0 bytes were not freed";
		snprintf(summary, sizeof summary, "%s in %s not freed by the end",
			 da_units_bytes(a, all->live_bytes), da_units_blocks(b, all->live_blocks));
	} else if (section == DA_TEXT_CALLS) {
		v = (struct view){ "CALLS", v.nothing, DA_REPORT_KEY_CALLS, all->alloc_calls };
		snprintf(summary, sizeof summary, "%s allocations of %s",
			 da_units_count(a, all->alloc_calls), da_units_bytes(b, all->alloc_bytes));
	} else {
		v = (struct view){ "TEMPORARY", "no block was freed before the next allocation",
				   DA_REPORT_KEY_TEMPORARY, all->temporary_blocks };
		snprintf(summary, sizeof summary, "%s freed before the next allocation (%s of all)",
			 da_units_blocks(a, all->temporary_blocks),
			 da_units_share(b, all->temporary_blocks, all->alloc_calls));
	}
	put_view(t, &v, summary);
}
