/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "report/clean.h"
#include "report/text.h"
#include "report/units.h"
#include "unwind/unwind.h"

/* ---- head */

static void put_text(const struct da_text_page *t, const char *label, const struct da_text *text)
{
	char clean[DA_CLEAN_MAX + 1];

	if (text->len == 0)
		return;
	da_clean(clean, sizeof clean, text->bytes, text->len);
	da_layout_field(&t->layout, label, clean);
}

static void put_arguments(const struct da_text_page *t)
{
	const struct da_header *h = t->r->header;
	char clean[DA_CLEAN_MAX + 1];
	size_t n = 0;

	for (uint32_t i = 0; i < h->cmdline.len && n + 16 < sizeof clean;) {
		size_t len = strnlen(h->cmdline.bytes + i, h->cmdline.len - i);

		if (n)
			clean[n++] = ' ';
		n += da_clean(clean + n, sizeof clean - n, h->cmdline.bytes + i, len);
		i += (uint32_t)len + 1;
	}
	clean[n] = '\0';
	if (n)
		da_layout_field(&t->layout, "command", clean);
}

static void put_process(const struct da_text_page *t)
{
	const struct da_header *h = t->r->header;
	char machine[32], host[256], kernel[256], text[1024];

	da_clean(host, sizeof host, h->host.bytes, h->host.len);
	da_clean(kernel, sizeof kernel, h->kernel.bytes, h->kernel.len);
	snprintf(text, sizeof text, "%" PRIu32 "%s%s, %s %" PRIu32 "-bit %s-endian%s%s", h->pid,
		 host[0] ? " on " : "", host, da_report_machine(h->machine, machine), h->word_bits,
		 h->big_endian ? "big" : "little", kernel[0] ? ", Linux " : "", kernel);
	da_layout_field(&t->layout, "process", text);
}

static void put_times(const struct da_text_page *t)
{
	const struct da_header *h = t->r->header;
	const struct da_model *m = t->r->model;
	char date[DA_UNITS_TEXT], duration[DA_UNITS_TEXT], end[DA_REPORT_END], text[160];

	snprintf(text, sizeof text, "%s, for %s, then: %s",
		 h->start_wall_ns ? da_units_date(date, h->start_wall_ns) : "at an unknown time",
		 da_units_time(duration, m->totals.duration_ns),
		 m->quality.has_end ? da_report_end(&m->quality, end) : "end not seen");
	da_layout_field(&t->layout, "ran", text);
}

/* Of a site with that much, exp(-3) = 5 % are not sampled at all. */
#define SURE 3.0

static void put_sampling(const struct da_text_page *t)
{
	uint32_t mean = t->r->model->sample_bytes;
	char every[DA_UNITS_TEXT], sure[DA_UNITS_TEXT], text[320];

	if (!mean)
		return;
	snprintf(text, sizeof text,
		 "every %s on average: totals are exact, sites are estimates. 95 of 100 are off by "
		 "less than the error told (+-); one that had %s or more is missing in less than 5 "
		 "of 100 cases",
		 da_units_bytes(every, mean), da_units_bytes(sure, (uint64_t)(SURE * mean)));
	da_layout_field(&t->layout, "sampled", text);
}

void da_text_put_head(const struct da_text_page *t)
{
	const struct da_header *h = t->r->header;
	const struct da_layout *l = &t->layout;
	char version[64], text[128];

	fprintf(l->out, "%sHEAP REPORT%s\n", l->color ? "\033[1m" : "", l->color ? "\033[0m" : "");
	put_text(t, "program", &h->program);
	put_arguments(t);
	put_process(t);
	put_times(t);
	da_clean(version, sizeof version, h->version.bytes, h->version.len);
	snprintf(text, sizeof text, "dumpalloc %s%s", version[0] ? version : "(unknown version)",
		 h->direct ? ", written by the library itself" : "");
	da_layout_field(l, "recorded by", text);
	put_sampling(t);
}

/* ---- quality */

static void put_damage(const struct da_text_page *t)
{
	const char *why = t->r->truncated_why;
	char text[512];

	if (t->r->truncated && !t->r->unfinished) {
		snprintf(text, sizeof text, "%s%sthis report covers the bytes before %" PRIu64,
			 why ? why : "", why ? "; " : "", t->r->truncated_byte);
		da_layout_field(&t->layout, "DAMAGED", text);
	} else if (!t->r->model->quality.has_end) {
		da_layout_field(&t->layout, "unfinished",
				"the recording has no end: the program was "
				"still running, or the recorder was cut "
				"off");
	}
}

static void put_events(const struct da_text_page *t)
{
	const struct da_model_quality *q = &t->r->model->quality;
	char count[DA_UNITS_TEXT], lost_count[DA_UNITS_TEXT], text[512];
	uint64_t lost = 0;
	size_t n;

	for (size_t i = 0; i <= DA_LOST_COUNT; i++)
		lost += q->events_lost[i];
	n = (size_t)snprintf(text, sizeof text, "%s recorded, %s lost",
			     da_units_count(count, q->events_decoded),
			     da_units_count(lost_count, lost));
	for (size_t i = 0; i <= DA_LOST_COUNT && n < sizeof text; i++)
		if (q->events_lost[i])
			n += (size_t)snprintf(text + n, sizeof text - n, ", %s: %s",
					      da_lost_name(i),
					      da_units_count(count, q->events_lost[i]));
	da_layout_field(&t->layout, "events", text);
}

static void put_repairs(const struct da_text_page *t)
{
	const struct da_model_quality *q = &t->r->model->quality;
	char a[DA_UNITS_TEXT], b[DA_UNITS_TEXT], text[256];

	if (!q->unknown_frees && !q->order_repairs)
		return;
	snprintf(text, sizeof text,
		 "%s frees of blocks never seen allocated, %s blocks whose free "
		 "was missing",
		 da_units_count(a, q->unknown_frees), da_units_count(b, q->order_repairs));
	da_layout_field(&t->layout, "repairs", text);
}

/* Blocks that the recorder left out, by their size. */
static void put_filter(const struct da_text_page *t)
{
	const struct da_header *h = t->r->header;
	char least[DA_UNITS_TEXT], most[DA_UNITS_TEXT], frees[DA_UNITS_TEXT], text[256];
	size_t n;

	if (!h->min_size && h->max_size == UINT64_MAX)
		return;
	n = (size_t)snprintf(text, sizeof text, "only blocks of %s",
			     da_units_bytes(least, h->min_size));
	if (h->max_size == UINT64_MAX)
		n += (size_t)snprintf(text + n, sizeof text - n, " or more");
	else
		n += (size_t)snprintf(text + n, sizeof text - n, " to %s",
				      da_units_bytes(most, h->max_size));
	snprintf(text + n, sizeof text - n, " were recorded; frees of others: %s",
		 da_units_count(frees, t->r->model->quality.filtered_frees));
	da_layout_field(&t->layout, "filter", text);
}

static const char *end_text(unsigned end)
{
	switch (end) {
	case DA_UNWIND_END_DEPTH: return "depth limit reached";
	case DA_UNWIND_END_NO_RULE: return "no unwinding rule";
	case DA_UNWIND_END_NO_MODULE: return "code in no module";
	case DA_UNWIND_END_BAD_READ: return "outside the stack";
	case DA_UNWIND_END_NOT_ADVANCING: return "not advancing";
	case DA_UNWIND_END_FOREIGN_STACK: return "on a foreign stack";
	case DA_UNWIND_END_OFF: return "not captured";
	default: return "other";
	}
}

/* Where walks stopped that got neither to the end nor to the limit. */
struct stop {
	uint64_t stacks;
	uint32_t module;
	unsigned end; /* enum da_unwind_end */
};

#define MOST_STOPS 3

/* Put @x in its place among the most frequent ones. */
static void rank_stop(struct stop stops[MOST_STOPS], struct stop x)
{
	for (unsigned i = 0; i < MOST_STOPS; i++)
		if (x.stacks > stops[i].stacks) {
			struct stop behind = stops[i];

			stops[i] = x;
			x = behind;
		}
}

static void put_stops(const struct da_text_page *t, uint64_t all)
{
	const struct da_model *m = t->r->model;
	struct stop stops[MOST_STOPS] = { { 0 } };
	char share[DA_UNITS_TEXT], text[DA_CLEAN_MAX + 128];

	for (uint32_t i = 0; i < m->n_modules; i++)
		for (unsigned end = DA_UNWIND_END_NO_RULE; end < DA_MODEL_ENDS; end++)
			rank_stop(stops, (struct stop){ m->modules[i].stacks_by_end[end], i, end });
	for (unsigned i = 0; i < MOST_STOPS && stops[i].stacks; i++) {
		snprintf(text, sizeof text, "%s stopped in %s: %s",
			 da_units_share(share, stops[i].stacks, all),
			 da_names_module_of(t->r->names, stops[i].module)->base,
			 end_text(stops[i].end));
		da_layout_field(&t->layout, "", text);
	}
}

static void put_stacks(const struct da_text_page *t)
{
	const struct da_model_quality *q = &t->r->model->quality;
	uint64_t all = q->stacks_complete + q->stacks_truncated;
	char a[DA_UNITS_TEXT], b[DA_UNITS_TEXT], c[DA_UNITS_TEXT], text[512];
	size_t n;

	if (all == 0) {
		da_layout_field(&t->layout, "stacks",
				t->r->model->sample_bytes ? "no block was sampled: totals only" :
							    "none were recorded: totals only");
		return;
	}
	n = (size_t)snprintf(text, sizeof text, "%s of %s complete (%s)",
			     da_units_count(a, q->stacks_complete), da_units_count(b, all),
			     da_units_share(c, q->stacks_complete, all));
	for (unsigned i = 1; i < DA_MODEL_ENDS && n < sizeof text; i++)
		if (q->stacks_by_end[i])
			n += (size_t)snprintf(text + n, sizeof text - n, ", %s: %s", end_text(i),
					      da_units_count(a, q->stacks_by_end[i]));
	da_layout_field(&t->layout, "stacks", text);
	put_stops(t, all);
	if (q->calls_without_stack) {
		snprintf(text, sizeof text, "%s allocations %s",
			 da_units_count(a, q->calls_without_stack),
			 t->r->model->sample_bytes ? "were not sampled" : "have no stack");
		da_layout_field(&t->layout, "", text);
	}
}

/* What is wrong with a module's names; NULL: nothing. */
static const char *complaint(const struct da_names_module *m)
{
	if (m->verdict == DA_SYMBOLS_MISMATCH)
		return "MISMATCH";
	if (m->verdict == DA_SYMBOLS_ABSENT || !m->has_symbols)
		return "no symbols";
	return m->verdict == DA_SYMBOLS_UNVERIFIED ? "unverified" : NULL;
}

static void put_advice(const struct da_text_page *t, bool has_mismatch, bool has_absent)
{
	if (has_mismatch)
		da_layout_field(&t->layout, "",
				"MISMATCH: the file is of another build, its names are wrong where "
				"the two differ. Give --rootfs the files that ran");
	if (has_absent)
		da_layout_field(&t->layout, "",
				"no symbols: --rootfs DIR names a copy of the device's files, "
				"--debug-path DIR one of their debug files");
}

static void put_symbols(const struct da_text_page *t)
{
	size_t used = 0, named = 0, lines = 0;
	bool has_mismatch = false, has_absent = false;
	char text[2 * DA_CLEAN_MAX + 64];

	for (uint32_t i = 0; i < t->r->model->n_modules; i++) {
		const struct da_names_module *m = da_names_module_of(t->r->names, i);

		used += m->in_stacks;
		named += m->in_stacks && m->has_symbols;
		lines += m->in_stacks && m->has_lines;
	}
	snprintf(text, sizeof text, "%zu of %zu modules in stacks have names, %zu source lines",
		 named, used, lines);
	da_layout_field(&t->layout, "symbols", text);
	for (uint32_t i = 0; i < t->r->model->n_modules; i++) {
		const struct da_names_module *m = da_names_module_of(t->r->names, i);
		const char *bad = m->in_stacks ? complaint(m) : NULL;

		if (!bad)
			continue;
		has_mismatch |= m->verdict == DA_SYMBOLS_MISMATCH;
		has_absent |= m->verdict == DA_SYMBOLS_ABSENT || !m->has_symbols;
		snprintf(text, sizeof text, "%s: %s%s%s%s", m->base, bad, m->reason ? " (" : "",
			 m->reason ? m->reason : "", m->reason ? ")" : "");
		da_layout_field(&t->layout, "", text);
	}
	put_advice(t, has_mismatch, has_absent);
}

void da_text_put_quality(const struct da_text_page *t)
{
	da_layout_heading(&t->layout, "DATA QUALITY", NULL);
	put_damage(t);
	put_events(t);
	put_repairs(t);
	put_filter(t);
	put_stacks(t);
	put_symbols(t);
}

/* ---- totals */

static void put_amount(const struct da_text_page *t, const char *label, uint64_t bytes,
		       uint64_t blocks, const char *more)
{
	char a[DA_UNITS_TEXT], b[DA_UNITS_TEXT], text[256];

	snprintf(text, sizeof text, "%s in %s%s", da_units_bytes(a, bytes),
		 da_units_blocks(b, blocks), more);
	da_layout_field(&t->layout, label, text);
}

static void put_functions(const struct da_text_page *t)
{
	char count[DA_UNITS_TEXT], failed[DA_UNITS_TEXT], text[1024] = "";
	size_t n = 0;

	for (unsigned i = 0; i < DA_FUNC_COUNT && n < sizeof text; i++) {
		const struct da_model_func *f = &t->r->model->funcs[i];

		if (!f->calls)
			continue;
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s", n ? ", " : "",
				      da_func_name(i), da_units_count(count, f->calls));
		if (f->failed && n < sizeof text)
			n += (size_t)snprintf(text + n, sizeof text - n, " (%s failed)",
					      da_units_count(failed, f->failed));
	}
	if (n)
		da_layout_field(&t->layout, "calls", text);
}

void da_text_put_totals(const struct da_text_page *t)
{
	const struct da_model_totals *m = &t->r->model->totals;
	char a[DA_UNITS_TEXT], b[DA_UNITS_TEXT], more[128];

	da_layout_heading(&t->layout, "TOTALS", NULL);
	put_amount(t, "allocated", m->alloc_bytes, m->alloc_calls, "");
	put_amount(t, "freed", m->freed_bytes, m->free_calls, "");
	put_amount(t, "left at end", m->live_bytes, m->live_blocks, "");
	snprintf(more, sizeof more, " at %s", da_units_time(a, m->peak_time_ns));
	put_amount(t, "peak", m->peak_bytes, m->peak_blocks, more);
	snprintf(more, sizeof more, "%s (%s of all)", da_units_blocks(b, m->temporary_blocks),
		 da_units_share(a, m->temporary_blocks, m->alloc_calls));
	da_layout_field(&t->layout, "temporary", more);
	if (m->peak_rss_bytes)
		da_layout_field(&t->layout, "peak RSS", da_units_bytes(a, m->peak_rss_bytes));
	put_functions(t);
}
