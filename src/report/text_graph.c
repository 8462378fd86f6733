/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "report/text.h"
#include "report/units.h"

#define ROWS 12
#define AXIS 12 /* columns left of the graph */

/* The graph's columns: the highest heap and resident memory in each slice of time. */
struct graph {
	uint64_t *heap, *rss;
	unsigned n, peak; /* columns, and the one with the peak */
	uint64_t duration; /* > 0 */
	uint64_t top; /* what the topmost row means, > 0 */
	bool has_rss; /* resident memory is recorded and fits the scale */
};

static unsigned column_of(const struct graph *g, uint64_t time_ns)
{
	double at = (double)time_ns / (double)g->duration * g->n;

	return at < g->n ? (unsigned)at : g->n - 1;
}

/* A column without a point of its own shows what the last one before it said. */
static void fill_columns(struct graph *g, const struct da_model *m)
{
	uint64_t heap = 0, rss = 0;
	size_t p = 0;

	for (unsigned c = 0; c < g->n; c++) {
		bool is_first = true;

		for (; p < m->n_points && column_of(g, m->timeline[p].time_ns) <= c; p++) {
			const struct da_model_point *point = &m->timeline[p];

			heap = is_first || point->heap_bytes > heap ? point->heap_bytes : heap;
			rss = is_first || point->rss_bytes > rss ? point->rss_bytes : rss;
			is_first = false;
		}
		g->heap[c] = heap;
		g->rss[c] = rss;
	}
}

/* Resident memory shares the scale unless that would flatten the heap. */
static void choose_scale(struct graph *g, const struct da_model_totals *t)
{
	g->has_rss = t->peak_rss_bytes && t->peak_rss_bytes / 4 <= t->peak_bytes;
	g->top = t->peak_bytes;
	if (g->has_rss && t->peak_rss_bytes > g->top)
		g->top = t->peak_rss_bytes;
}

/* Rows that @bytes fill: at least one when there is anything. */
static unsigned height(const struct graph *g, uint64_t bytes)
{
	unsigned rows = (unsigned)((double)bytes / (double)g->top * ROWS + 0.5);

	return rows > ROWS ? ROWS : rows == 0 && bytes ? 1 : rows;
}

static char cell(const struct graph *g, unsigned column, unsigned row)
{
	if (row <= height(g, g->heap[column]))
		return column == g->peak ? '#' : ':';
	return g->has_rss && row == height(g, g->rss[column]) ? 'o' : ' ';
}

static void put_row(const struct graph *g, const struct da_layout *l, unsigned row)
{
	char label[DA_UNITS_TEXT] = "";
	unsigned last = 0;

	if (row == ROWS || row == ROWS / 2)
		da_units_bytes(label, g->top / ROWS * row);
	if (row == ROWS)
		da_units_bytes(label, g->top);
	for (unsigned c = 0; c < g->n; c++)
		last = cell(g, c, row) != ' ' ? c + 1 : last;
	fprintf(l->out, "%*s |", AXIS - 2, label);
	for (unsigned c = 0; c < last; c++)
		putc(cell(g, c, row), l->out);
	putc('\n', l->out);
}

static void put_time_axis(const struct graph *g, const struct da_layout *l)
{
	char end[DA_UNITS_TEXT];

	fprintf(l->out, "%*s +", AXIS - 2, "0 B");
	for (unsigned c = 0; c < g->n; c++)
		putc('-', l->out);
	da_units_time(end, g->duration);
	fprintf(l->out, "\n%*s%-*s%s\n", AXIS, "", (int)(g->n - strlen(end)), "0 s", end);
}

static void put_legend(const struct graph *g, const struct da_text_page *t)
{
	const struct da_model_totals *m = &t->r->model->totals;
	char rss[DA_UNITS_TEXT], text[160] = "live heap :, at its peak #";
	size_t n = strlen(text);

	if (g->has_rss)
		snprintf(text + n, sizeof text - n, ", resident memory o");
	else if (m->peak_rss_bytes)
		snprintf(text + n, sizeof text - n,
			 " (resident memory, up to %s, is off the scale)",
			 da_units_bytes(rss, m->peak_rss_bytes));
	da_layout_heading(&t->layout, "TIMELINE", text);
}

void da_text_put_timeline(const struct da_text_page *t)
{
	const struct da_model *m = t->r->model;
	struct graph g = { .n = t->layout.columns - AXIS, .duration = m->totals.duration_ns };

	if (m->n_points == 0 || !m->totals.peak_bytes) {
		da_layout_heading(&t->layout, "TIMELINE", "nothing was allocated");
		return;
	}
	if (m->timeline[m->n_points - 1].time_ns > g.duration)
		g.duration = m->timeline[m->n_points - 1].time_ns;
	if (g.duration == 0)
		g.duration = 1;
	g.heap = da_xcalloc(g.n, sizeof *g.heap);
	g.rss = da_xcalloc(g.n, sizeof *g.rss);
	fill_columns(&g, m);
	choose_scale(&g, &m->totals);
	g.peak = column_of(&g, m->totals.peak_time_ns);
	put_legend(&g, t);
	for (unsigned row = ROWS; row > 0; row--)
		put_row(&g, &t->layout, row);
	put_time_axis(&g, &t->layout);
	free(g.heap);
	free(g.rss);
}
