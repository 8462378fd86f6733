/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/report_options.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/quantity.h"
#include "ds/mem.h"

/* Unused parameters are part of every setter's type. */
#define SETTER(name) static bool name(void *options, const char *value, struct da_err *err)
#define OPTIONS                                \
	struct da_report_options *o = options; \
	(void)value;                           \
	(void)err

/* ---- documents */

/* In the order of enum da_report_format. */
static const char *const format_names[] = { "text", "callgrind", "json", "folded", NULL };

static bool too_many(struct da_err *err)
{
	return da_err_set(err, "given more than %u times", DA_REPORT_OPTIONS_MAX);
}

SETTER(set_format)
{
	const char *colon = strchr(value, ':');
	size_t len = colon ? (size_t)(colon - value) : strlen(value);
	char name[32];
	int i;

	OPTIONS;
	if (o->n_documents == DA_REPORT_OPTIONS_MAX)
		return too_many(err);
	if (len >= sizeof name)
		len = sizeof name - 1;
	memcpy(name, value, len);
	name[len] = '\0';
	if (!da_options_choose(name, format_names, &i, err))
		return false;
	if (colon && !colon[1])
		return da_err_set(err, "no file name after '%s'", value);
	o->documents[o->n_documents++] =
		(struct da_report_document){ .format = (enum da_report_format)i,
					     .path = colon ? colon + 1 : NULL };
	return true;
}

SETTER(set_output)
{
	OPTIONS;
	o->output = value;
	return *value || da_err_set(err, "the file name is empty");
}

/* ---- symbols */

SETTER(set_rootfs)
{
	OPTIONS;
	o->symbols.rootfs = value;
	return true;
}

SETTER(set_debug_path)
{
	OPTIONS;
	if (o->symbols.n_debug_paths == DA_REPORT_OPTIONS_MAX)
		return too_many(err);
	o->debug_paths[o->symbols.n_debug_paths++] = value;
	return true;
}

SETTER(set_extra_path)
{
	OPTIONS;
	if (o->symbols.n_extra_paths == DA_REPORT_OPTIONS_MAX)
		return too_many(err);
	o->extra_paths[o->symbols.n_extra_paths++] = value;
	return true;
}

SETTER(set_path_map)
{
	const char *equals = strchr(value, '=');
	size_t i;

	OPTIONS;
	i = o->symbols.n_path_maps;
	if (i == DA_REPORT_OPTIONS_MAX)
		return too_many(err);
	if (!equals || equals == value)
		return da_err_set(err, "'%s' is not FROM=TO", value);
	o->owned[i] = da_xstrndup(value, (size_t)(equals - value));
	o->path_maps[i] = (struct da_symbols_path_map){ .from = o->owned[i], .to = equals + 1 };
	o->symbols.n_path_maps++;
	return true;
}

SETTER(set_no_inlines)
{
	OPTIONS;
	o->symbols.inlines = false;
	return true;
}

SETTER(set_demangle)
{
	/* in the order of enum da_symbols_demangle */
	static const char *const names[] = { "full", "short", "none", NULL };
	int i;

	OPTIONS;
	if (!da_options_choose(value, names, &i, err))
		return false;
	o->symbols.demangle = (enum da_symbols_demangle)i;
	o->text.full_names = true; /* as asked for, whatever that is */
	return true;
}

SETTER(set_strict_build_id)
{
	OPTIONS;
	o->symbols.strict_build_id = true;
	return true;
}

/* ---- sections */

#define SECTION(name, bits)                 \
	SETTER(name)                        \
	{                                   \
		OPTIONS;                    \
		o->text.sections |= (bits); \
		return true;                \
	}

SECTION(set_timeline, DA_TEXT_TIMELINE)
SECTION(set_histogram, DA_TEXT_HISTOGRAM)
SECTION(set_peak, DA_TEXT_PEAK)
SECTION(set_leaks, DA_TEXT_LEAKS)
SECTION(set_calls, DA_TEXT_CALLS)
SECTION(set_temporary, DA_TEXT_TEMPORARY)
SECTION(set_threads, DA_TEXT_THREADS)
SECTION(set_modules, DA_TEXT_MODULES)
SECTION(set_all, DA_TEXT_ALL)

static bool parse_limit(const char *value, uint32_t *out, struct da_err *err)
{
	uint64_t v;

	if (!da_quantity_parse_number(value, 0, UINT32_MAX, &v, err))
		return false;
	*out = (uint32_t)v;
	return true;
}

SETTER(set_limit)
{
	OPTIONS;
	return parse_limit(value, &o->text.limit, err);
}

SETTER(set_sub_limit)
{
	OPTIONS;
	return parse_limit(value, &o->text.sub_limit, err);
}

SETTER(set_depth)
{
	OPTIONS;
	return parse_limit(value, &o->text.depth, err);
}

SETTER(set_sort)
{
	int i;

	OPTIONS;
	if (!da_options_choose(value, da_report_key_words, &i, err))
		return false;
	o->text.sort = (enum da_report_key)(i + 1);
	return true;
}

const struct da_option da_report_option_table[] = {
	{ .help = "Output:" },
	{ "format", NULL, 0, "FORMAT[:FILE]",
	  "text, callgrind, json or folded; repeatable.\n"
	  "Default: text to standard output and callgrind\n"
	  "to PROG.PID.callgrind",
	  set_format },
	{ "output", NULL, 'o', "FILE", "where a single format goes; - is stdout", set_output },
	{ .help = "Symbols:" },
	{ "rootfs", "sysroot,symfs", 0, "DIR", "the device's files; default: this machine's",
	  set_rootfs },
	{ "debug-path", NULL, 0, "DIR", "look for debug files here too; repeatable",
	  set_debug_path },
	{ "extra-path", NULL, 0, "DIR", "look for modules by name here too; repeatable",
	  set_extra_path },
	{ "path-map", NULL, 0, "FROM=TO",
	  "look for modules recorded under FROM under TO;\nrepeatable", set_path_map },
	{ "no-inlines", NULL, 0, NULL, "no frames for inlined functions", set_no_inlines },
	{ "demangle", NULL, 0, "HOW",
	  "C++, Rust and D names: full, short or none;\ndefault: short in text, else full",
	  set_demangle },
	{ "strict-build-id", NULL, 0, NULL, "use only files whose build-id was recorded",
	  set_strict_build_id },
	{ .help = "Sections of the text (default: those marked *):" },
	{ "timeline", NULL, 0, NULL, "* heap and resident memory over time", set_timeline },
	{ "histogram", NULL, 0, NULL, "allocations by size", set_histogram },
	{ "peak", NULL, 0, NULL, "* what was live at the peak", set_peak },
	{ "leaks", NULL, 0, NULL, "* what was not freed", set_leaks },
	{ "calls", NULL, 0, NULL, "* where most allocations were made", set_calls },
	{ "temporary", NULL, 0, NULL, "* blocks freed before the next allocation", set_temporary },
	{ "threads", NULL, 0, NULL, "what each thread allocated", set_threads },
	{ "modules", NULL, 0, NULL, "each module's share, and its symbols", set_modules },
	{ "all", NULL, 0, NULL, "all sections", set_all },
	{ "limit", NULL, 'n', "N", "entries per section, default 10; 0: all", set_limit },
	{ "sub-limit", NULL, 0, "N", "stacks per entry, default 5; 0: all", set_sub_limit },
	{ "depth", NULL, 0, "N", "frames per stack, default 8; 0: all", set_depth },
	{ "sort", NULL, 's', "KEY",
	  "order of sites, and the number in folded stacks:\n"
	  "peak, leaked, bytes, calls or temporary",
	  set_sort },
	{ NULL, NULL, 0, NULL, NULL, NULL },
};

void da_report_options_init(struct da_report_options *o)
{
	*o = (struct da_report_options){
		.text = { .limit = 10, .sub_limit = 5, .depth = 8, .columns = DA_LAYOUT_COLUMNS },
		.symbols = { .inlines = true, .demangle = DA_SYMBOLS_DEMANGLE_FULL },
	};
	o->symbols.debug_paths = o->debug_paths;
	o->symbols.extra_paths = o->extra_paths;
	o->symbols.path_maps = o->path_maps;
}

void da_report_options_deinit(struct da_report_options *o)
{
	for (size_t i = 0; i < o->symbols.n_path_maps; i++)
		free(o->owned[i]);
}

/* Whether a document of @n_files recordings would be written over by the next one's. */
static bool is_shared(const struct da_report_document *d, size_t n_files)
{
	return n_files > 1 && d->path && strcmp(d->path, "-") != 0;
}

bool da_report_options_finish(struct da_report_options *o, size_t n_files, struct da_err *err)
{
	if (!o->text.sections)
		o->text.sections = DA_TEXT_DEFAULT;
	if (o->output && o->n_documents > 1)
		return da_err_set(err, "--output goes with a single --format; write --format "
				       "FORMAT:FILE");
	if (o->output && o->n_documents == 1 && o->documents[0].path)
		return da_err_set(err, "--output and --format FORMAT:FILE both name a file");
	if (o->n_documents == 0) {
		o->documents[o->n_documents++] = (struct da_report_document){ DA_REPORT_TEXT, "-" };
		if (!o->output)
			o->documents[o->n_documents++] =
				(struct da_report_document){ DA_REPORT_CALLGRIND, NULL };
	}
	if (o->output)
		o->documents[0].path = o->output;
	for (size_t i = 0; i < o->n_documents; i++) {
		struct da_report_document *d = &o->documents[i];

		if (!d->path && d->format != DA_REPORT_CALLGRIND)
			d->path = "-";
		if (is_shared(d, n_files))
			return da_err_set(err, "several recordings cannot share the file %s",
					  d->path);
	}
	return true;
}
