/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/report_write.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "cmd/message.h"
#include "report/callgrind.h"
#include "report/folded.h"
#include "report/json.h"
#include "report/output.h"

#if defined __x86_64__
#define HOST_MACHINE EM_X86_64
#elif defined __aarch64__
#define HOST_MACHINE EM_AARCH64
#elif defined __mips__
#define HOST_MACHINE EM_MIPS
#else
#define HOST_MACHINE EM_NONE
#endif

static const char *const suffixes[] = {
	[DA_REPORT_TEXT] = "txt",
	[DA_REPORT_CALLGRIND] = "callgrind",
	[DA_REPORT_JSON] = "json",
	[DA_REPORT_FOLDED] = "folded",
};

static void write_format(const struct da_report *r, const struct da_report_options *o,
			 enum da_report_format format, FILE *out)
{
	switch (format) {
	case DA_REPORT_TEXT: da_text_write(r, &o->text, out); break;
	case DA_REPORT_CALLGRIND: da_callgrind_write(r, out); break;
	case DA_REPORT_JSON: da_json_write(r, out); break;
	case DA_REPORT_FOLDED: da_folded_write(r, o->text.sort, out); break;
	}
}

static bool write_document(const struct da_report *r, const struct da_report_options *o,
			   const struct da_report_document *d, struct da_err *err)
{
	char name[DA_OUTPUT_NAME];
	const char *path = d->path;
	struct da_output out;

	if (!path) {
		struct da_text program = da_report_program(r->header);

		da_output_auto_name(name, program.bytes, program.len, r->header->pid,
				    suffixes[d->format]);
		path = name;
	}
	if (!da_output_open(&out, path, err))
		return false;
	write_format(r, o, d->format, out.file);
	if (!da_output_close(&out, err))
		return false;
	if (!d->path)
		da_message_note("wrote %s (open it with kcachegrind)", name);
	return true;
}

/*
 * Another machine's recording without a rootfs: this machine's files of the same names are not
 * those that ran, unless their build-ids say so.
 */
static void be_strict_abroad(struct da_symbols_options *symbols, const struct da_header *h)
{
	char machine[32];

	if (symbols->rootfs || h->machine == HOST_MACHINE || !h->machine)
		return;
	symbols->strict_build_id = true;
	da_message_note("recorded on %s: give --rootfs DIR, a copy of that machine's files, to get "
			"names",
			da_report_machine(h->machine, machine));
}

static bool find_names(const struct da_report_recording *rec, const struct da_report_options *o,
		       struct da_symbols **symbols_out, struct da_names **names_out,
		       struct da_err *err)
{
	struct da_callsite_machine machine = da_report_callsite(rec->header);
	struct da_symbols_options options = o->symbols;

	*names_out = NULL;
	be_strict_abroad(&options, rec->header);
	return da_symbols_create(&options, symbols_out, err) &&
	       da_names_create(rec->model, *symbols_out, &machine, names_out, err);
}

static void describe_modules(const struct da_report *r)
{
	for (uint32_t i = 0; i < r->model->n_modules; i++) {
		const struct da_names_module *m = da_names_module_of(r->names, i);

		if (m->in_stacks)
			da_message_detail("%s: file %s, build-id: %s%s%s", m->path,
					  m->file ? m->file : "none",
					  da_symbols_verdict_text(m->verdict),
					  m->reason ? ", " : "", m->reason ? m->reason : "");
	}
}

bool da_report_write(const struct da_report_recording *rec, const struct da_report_options *o,
		     struct da_err *err)
{
	struct da_symbols *symbols = NULL;
	struct da_report report = {
		.model = rec->model,
		.header = rec->header,
		.truncated = rec->is_damaged,
		.unfinished = rec->is_unfinished,
		.truncated_byte = rec->damaged_byte,
		.truncated_why = rec->damage,
	};
	bool good;

	good = find_names(rec, o, &symbols, &report.names, err);
	if (good)
		describe_modules(&report);
	for (size_t i = 0; good && i < o->n_documents; i++)
		good = write_document(&report, o, &o->documents[i], err);
	da_names_destroy(report.names);
	da_symbols_destroy(symbols);
	return good;
}
