/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ds/mem.h"
#include "report/clean.h"
#include "unwind/unwind.h"

#include "config.h"

#define SCHEMA 1
#define DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)

struct writer {
	const struct da_report *r;
	FILE *out;
	char **frames; /* texts of frames by da_names_frame.id, NULL: not yet needed */
};

/* ---- values */

static json_t *number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *clean_text(const char *bytes, size_t len)
{
	char clean[DA_CLEAN_MAX + 1];

	return json_stringn(clean, da_clean(clean, sizeof clean, bytes, len));
}

/* A cleaned text; "" becomes null. */
static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static void set_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, number(v));
}

/* ---- pieces */

static void put(json_t *value, FILE *out)
{
	json_dumpf(value, out, DUMP_FLAGS);
	json_decref(value);
}

static void put_member(const char *key, json_t *value, FILE *out)
{
	fprintf(out, ",\n\"%s\": ", key);
	put(value, out);
}

static void begin_array(const char *key, FILE *out)
{
	fprintf(out, ",\n\"%s\": [", key);
}

static void put_item(bool is_first, json_t *value, FILE *out)
{
	fputs(is_first ? "\n" : ",\n", out);
	put(value, out);
}

/* ---- header */

static json_t *start_time(uint64_t ns)
{
	time_t t = (time_t)(ns / 1000000000);
	char date[32], text[64];
	struct tm tm;

	if (!ns || !gmtime_r(&t, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm))
		return json_null();
	snprintf(text, sizeof text, "%s.%09uZ", date, (unsigned)(ns % 1000000000));
	return json_string(text);
}

static json_t *cmdline(const struct da_header *h)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < h->cmdline.len;) {
		size_t len = strnlen(h->cmdline.bytes + i, h->cmdline.len - i);

		json_array_append_new(list, clean_text(h->cmdline.bytes + i, len));
		i += (uint32_t)len + 1;
	}
	return list;
}

static json_t *recorder(const struct da_header *h)
{
	json_t *o = json_object();

	json_object_set_new(o, "version", clean_text(h->version.bytes, h->version.len));
	json_object_set_new(o, "reporter", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "direct", json_boolean(h->direct));
	set_number(o, "depth", h->depth);
	set_number(o, "min_size", h->min_size);
	json_object_set_new(o, "max_size",
			    h->max_size == UINT64_MAX ? json_null() : number(h->max_size));
	json_object_set_new(o, "sample_bytes", h->sample ? number(h->sample) : json_null());
	return o;
}

static json_t *process(const struct da_report *r)
{
	const struct da_header *h = r->header;
	char machine[32], end[DA_REPORT_END];
	json_t *o = json_object();

	set_number(o, "pid", h->pid);
	json_object_set_new(o, "parent_pid", h->parent_pid ? number(h->parent_pid) : json_null());
	json_object_set_new(o, "program", clean_text(h->program.bytes, h->program.len));
	json_object_set_new(o, "cmdline", cmdline(h));
	json_object_set_new(o, "machine", json_string(da_report_machine(h->machine, machine)));
	set_number(o, "word_bits", h->word_bits);
	json_object_set_new(o, "byte_order", json_string(h->big_endian ? "big" : "little"));
	json_object_set_new(o, "host", clean_text(h->host.bytes, h->host.len));
	json_object_set_new(o, "kernel", clean_text(h->kernel.bytes, h->kernel.len));
	json_object_set_new(o, "start_time", start_time(h->start_wall_ns));
	set_number(o, "duration_ns", r->model->totals.duration_ns);
	json_object_set_new(o, "end", json_string(da_report_end(&r->model->quality, end)));
	return o;
}

static json_t *totals(const struct da_model_totals *t)
{
	json_t *o = json_object();

	set_number(o, "alloc_calls", t->alloc_calls);
	set_number(o, "free_calls", t->free_calls);
	set_number(o, "alloc_bytes", t->alloc_bytes);
	set_number(o, "freed_bytes", t->freed_bytes);
	set_number(o, "live_bytes", t->live_bytes);
	set_number(o, "live_blocks", t->live_blocks);
	set_number(o, "peak_bytes", t->peak_bytes);
	set_number(o, "peak_blocks", t->peak_blocks);
	set_number(o, "peak_time_ns", t->peak_time_ns);
	set_number(o, "temporary_blocks", t->temporary_blocks);
	set_number(o, "failed_calls", t->failed_calls);
	set_number(o, "moved_reallocs", t->moved_reallocs);
	set_number(o, "peak_rss_bytes", t->peak_rss_bytes);
	return o;
}

static json_t *events_lost(const struct da_model_quality *q)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < DA_LOST_COUNT; i++)
		set_number(o, da_lost_name(i), q->events_lost[i]);
	set_number(o, "unknown", q->events_lost[DA_LOST_COUNT]);
	return o;
}

static json_t *truncated(const struct da_report *r)
{
	const char *why = r->truncated_why ? r->truncated_why : "";
	json_t *o;

	if (!r->truncated)
		return json_false();
	o = json_object();
	set_number(o, "byte", r->truncated_byte);
	json_object_set_new(o, "reason", clean_text(why, strlen(why)));
	return o;
}

static json_t *quality(const struct da_report *r)
{
	const struct da_model_quality *q = &r->model->quality;
	json_t *o = json_object();

	set_number(o, "events_seen", q->has_end ? q->events_seen : q->events_decoded);
	set_number(o, "events_recorded", q->has_end ? q->events_recorded : q->events_decoded);
	set_number(o, "events_decoded", q->events_decoded);
	json_object_set_new(o, "events_lost", events_lost(q));
	set_number(o, "unknown_frees", q->unknown_frees);
	set_number(o, "filtered_frees", q->filtered_frees);
	set_number(o, "order_repairs", q->order_repairs);
	set_number(o, "stacks_complete", q->stacks_complete);
	set_number(o, "stacks_truncated", q->stacks_truncated);
	set_number(o, "calls_without_stack", q->calls_without_stack);
	json_object_set_new(o, "finished", json_boolean(q->has_end));
	json_object_set_new(o, "truncated", truncated(r));
	return o;
}

/* ---- lists */

static void put_functions(const struct writer *w)
{
	bool is_first = true;

	begin_array("functions", w->out);
	for (unsigned i = 0; i < DA_FUNC_COUNT; i++) {
		const struct da_model_func *f = &w->r->model->funcs[i];
		json_t *o;

		if (!f->calls)
			continue;
		o = json_object();
		json_object_set_new(o, "name", json_string(da_func_name(i)));
		set_number(o, "calls", f->calls);
		set_number(o, "failed", f->failed);
		put_item(is_first, o, w->out);
		is_first = false;
	}
	putc(']', w->out);
}

/* Stacks that end in the module without being complete, by reason. */
static json_t *stopped_stacks(const struct da_model_module *m)
{
	static const char *const names[DA_MODEL_ENDS] = {
		[DA_UNWIND_END_DEPTH] = "depth",
		[DA_UNWIND_END_NO_RULE] = "no_rule",
		[DA_UNWIND_END_NO_MODULE] = "no_module",
		[DA_UNWIND_END_BAD_READ] = "bad_read",
		[DA_UNWIND_END_NOT_ADVANCING] = "not_advancing",
		[DA_UNWIND_END_FOREIGN_STACK] = "foreign_stack",
		[DA_UNWIND_END_OFF] = "off",
	};
	json_t *o = json_object();

	for (unsigned end = 0; end < DA_MODEL_ENDS; end++)
		if (m->stacks_by_end[end])
			set_number(o, names[end] ? names[end] : "other", m->stacks_by_end[end]);
	return o;
}

static void put_modules(const struct writer *w)
{
	begin_array("modules", w->out);
	for (uint32_t i = 0; i < w->r->model->n_modules; i++) {
		const struct da_names_module *m = da_names_module_of(w->r->names, i);
		json_t *o = json_object();

		json_object_set_new(o, "path", json_string(m->path));
		json_object_set_new(o, "build_id", text_or_null(m->build_id));
		json_object_set_new(o, "symbols", json_string(da_symbols_verdict_text(m->verdict)));
		json_object_set_new(o, "reason", text_or_null(m->reason));
		json_object_set_new(o, "file", text_or_null(m->file));
		json_object_set_new(o, "has_symbols", json_boolean(m->has_symbols));
		json_object_set_new(o, "has_lines", json_boolean(m->has_lines));
		json_object_set_new(o, "in_stacks", json_boolean(m->in_stacks));
		json_object_set_new(o, "stopped_stacks", stopped_stacks(&w->r->model->modules[i]));
		put_item(i == 0, o, w->out);
	}
	putc(']', w->out);
}

static void put_threads(const struct writer *w)
{
	begin_array("threads", w->out);
	for (size_t i = 0; i < w->r->model->n_threads; i++) {
		const struct da_model_thread *t = &w->r->model->threads[i];
		json_t *o = json_object();

		set_number(o, "tid", t->tid);
		json_object_set_new(o, "name", clean_text(t->name, strlen(t->name)));
		set_number(o, "alloc_calls", t->alloc_calls);
		set_number(o, "alloc_bytes", t->alloc_bytes);
		set_number(o, "free_calls", t->free_calls);
		set_number(o, "freed_bytes", t->freed_bytes);
		put_item(i == 0, o, w->out);
	}
	putc(']', w->out);
}

static void put_timeline(const struct writer *w)
{
	begin_array("timeline", w->out);
	for (size_t i = 0; i < w->r->model->n_points; i++) {
		const struct da_model_point *p = &w->r->model->timeline[i];
		json_t *o = json_object();

		set_number(o, "time_ns", p->time_ns);
		set_number(o, "heap_bytes", p->heap_bytes);
		set_number(o, "rss_bytes", p->rss_bytes);
		put_item(i == 0, o, w->out);
	}
	putc(']', w->out);
}

static void put_sizes(const struct writer *w)
{
	begin_array("sizes", w->out);
	for (size_t i = 0; i < w->r->model->n_sizes; i++) {
		const struct da_model_size *s = &w->r->model->sizes[i];
		json_t *o = json_object();

		set_number(o, "size", s->size);
		if (s->size_max != s->size)
			set_number(o, "size_max", s->size_max);
		set_number(o, "calls", s->calls);
		put_item(i == 0, o, w->out);
	}
	putc(']', w->out);
}

/* ---- sites */

static char *dump_text(json_t *value)
{
	char *text = json_dumps(value, DUMP_FLAGS);

	json_decref(value);
	return text ? text : da_xstrdup("null");
}

static char *frame_text(const struct writer *w, const struct da_names_frame *f)
{
	const struct da_names *names = w->r->names;
	char address[32];
	json_t *o = json_object();

	snprintf(address, sizeof address, "0x%" PRIx64, f->address);
	json_object_set_new(o, "function", text_or_null(da_names_text(names, f->function)));
	json_object_set_new(o, "module", text_or_null(da_names_module_of(names, f->module)->path));
	json_object_set_new(o, "file", text_or_null(da_names_text(names, f->file)));
	json_object_set_new(o, "line", f->line ? number(f->line) : json_null());
	json_object_set_new(o, "address", json_string(address));
	json_object_set_new(o, "inlined", json_boolean(f->inlined));
	return dump_text(o);
}

static void put_stack(const struct writer *w, const struct da_model_site *site)
{
	size_t n;
	const struct da_names_frame *frames = da_names_stack(w->r->names, site, &n);

	for (size_t i = 0; i < n; i++) {
		char **text = &w->frames[frames[i].id];

		if (!*text)
			*text = frame_text(w, &frames[i]);
		fprintf(w->out, "%s%s", i ? "," : "", *text);
	}
}

static void set_amount(json_t *sampled, json_t *error, const char *const keys[2],
		       const struct da_model_amount *a)
{
	set_number(sampled, keys[0], a->bytes);
	set_number(sampled, keys[1], a->blocks);
	set_number(error, keys[0], da_model_error(a->bytes_variance));
	set_number(error, keys[1], da_model_error(a->blocks_variance));
}

/* What estimates rest on, and how far they may be off. */
static void set_sampled(json_t *o, const struct da_model_sampled *s)
{
	static const char *const alloc[] = { "alloc_bytes", "alloc_calls" };
	static const char *const live[] = { "live_bytes", "live_blocks" };
	static const char *const peak[] = { "peak_bytes", "peak_blocks" };
	json_t *sampled = json_object(), *error = json_object();

	set_amount(sampled, error, alloc, &s->alloc);
	set_amount(sampled, error, live, &s->live);
	set_amount(sampled, error, peak, &s->peak);
	set_number(sampled, "temporary_blocks", s->temporary.blocks);
	set_number(error, "temporary_blocks", da_model_error(s->temporary.blocks_variance));
	json_object_set_new(o, "sampled", sampled);
	json_object_set_new(o, "error", error);
}

static json_t *site_numbers(const struct da_model_site *s)
{
	json_t *o = json_object();

	set_number(o, "alloc_calls", s->alloc_calls);
	set_number(o, "alloc_bytes", s->alloc_bytes);
	set_number(o, "live_bytes", s->live_bytes);
	set_number(o, "live_blocks", s->live_blocks);
	set_number(o, "peak_bytes", s->peak_bytes);
	set_number(o, "peak_blocks", s->peak_blocks);
	set_number(o, "temporary_blocks", s->temporary_blocks);
	set_number(o, "failed_calls", s->failed_calls);
	set_number(o, "released_bytes", s->released_bytes);
	set_number(o, "released_blocks", s->released_calls);
	set_number(o, "largest_bytes", s->largest_bytes);
	set_number(o, "first_time_ns", s->first_time_ns);
	set_number(o, "last_time_ns", s->last_time_ns);
	json_object_set_new(o, "complete",
			    json_boolean(s->depth && s->end == DA_UNWIND_END_COMPLETE));
	if (s->sampled)
		set_sampled(o, s->sampled);
	return o;
}

static bool is_used(const struct da_model_site *s)
{
	return s->alloc_calls || s->released_calls || s->failed_calls;
}

static void put_sites(const struct writer *w)
{
	bool is_first = true;

	begin_array("sites", w->out);
	for (size_t i = 0; i < w->r->model->n_sites; i++) {
		const struct da_model_site *site = &w->r->model->sites[i];
		char *numbers;

		if (!is_used(site))
			continue;
		fputs(is_first ? "\n{\"stack\":[" : ",\n{\"stack\":[", w->out);
		put_stack(w, site);
		numbers = dump_text(site_numbers(site));
		fprintf(w->out, "],%s", numbers + 1); /* without its '{' */
		free(numbers);
		is_first = false;
	}
	putc(']', w->out);
}

void da_json_write(const struct da_report *r, FILE *out)
{
	uint32_t n_frames = da_names_frames(r->names);
	struct writer w = { .r = r, .out = out };

	w.frames = da_xcalloc((size_t)n_frames + 1, sizeof *w.frames);
	fprintf(out, "{\"schema\": %d", SCHEMA);
	put_member("recorder", recorder(r->header), out);
	put_member("process", process(r), out);
	put_member("totals", totals(&r->model->totals), out);
	put_member("quality", quality(r), out);
	put_functions(&w);
	put_modules(&w);
	put_threads(&w);
	put_timeline(&w);
	put_sizes(&w);
	put_sites(&w);
	fputs("}\n", out);
	for (uint32_t i = 0; i < n_frames; i++)
		free(w.frames[i]);
	free(w.frames);
}
