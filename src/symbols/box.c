/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/box.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "ds/mem.h"
#include "symbols/elf.h"
#include "symbols/frames.h"
#include "symbols/separate.h"
#include "symbols/wire.h"

/* Candidates opened as ELF; NULL where that failed. */
struct opened {
	const struct da_box_file *files;
	struct da_elf **elfs;
	size_t n;
};

struct box {
	const struct da_box_job *job;
	struct da_wire_writer out;
	struct opened modules;
	struct opened debugs;
	/* What was chosen; NULL for none. */
	struct da_elf *module;
	struct da_elf *debug;
	struct da_wire_module answer;
};

static void note(struct box *b, const char *what, const char *name, const char *why)
{
	char text[2048];

	da_fmt(text, sizeof(text), "%s%s%s", what, name, why);
	da_wire_note(&b->out, text);
}

static struct opened open_all(struct box *b, const struct da_box_file *files, size_t n)
{
	struct opened o = {.files = files, .n = n, .elfs = da_xcalloc(n, sizeof(*o.elfs))};
	struct da_err err;

	for (size_t i = 0; i < n; i++) {
		if (da_elf_open(files[i].fd, &o.elfs[i], &err))
			continue;
		char why[DA_ERR_TEXT + 2];
		da_fmt(why, sizeof(why), ": %s", err.text);
		note(b, "cannot use ", files[i].name, why);
	}
	return o;
}

/* ---- which module ---- */

static void hex(char *to, size_t size, const uint8_t *id, size_t len)
{
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < len && at + 3 <= size; i++)
		at += da_fmt(to + at, size - at, "%02x", id[i]);
}

static void note_mismatch(struct box *b, const struct da_box_file *file, const struct da_elf *e)
{
	char found[2 * DA_ELF_MAX_BUILD_ID + 1], wanted[2 * DA_ELF_MAX_BUILD_ID + 1];
	char why[sizeof(found) + sizeof(wanted) + 32];
	size_t len;
	const uint8_t *id = da_elf_build_id(e, &len);

	hex(found, sizeof(found), id, len);
	hex(wanted, sizeof(wanted), b->job->query->build_id, b->job->query->build_id_len);
	da_fmt(why, sizeof(why), " is %s, the recording has %s", found, wanted);
	note(b, "build-id of ", file->name, why);
}

static enum da_symbols_verdict compare_module(const struct box *b, const struct da_elf *e)
{
	const struct da_symbols_query *q = b->job->query;
	size_t len;
	const uint8_t *id = da_elf_build_id(e, &len);

	if (!len || !q->build_id_len)
		return DA_SYMBOLS_UNVERIFIED;
	return da_separate_same_id(id, len, q->build_id, q->build_id_len) ? DA_SYMBOLS_MATCH
									  : DA_SYMBOLS_MISMATCH;
}

/* Smaller is better. */
static int rank(enum da_symbols_verdict verdict)
{
	switch (verdict) {
	case DA_SYMBOLS_MATCH:
		return 0;
	case DA_SYMBOLS_UNVERIFIED:
		return 1;
	case DA_SYMBOLS_MISMATCH:
		return 2;
	default:
		return 3;
	}
}

static void choose_module(struct box *b)
{
	b->answer.verdict = DA_SYMBOLS_ABSENT;
	for (size_t i = 0; i < b->modules.n; i++) {
		struct da_elf *e = b->modules.elfs[i];
		if (!e)
			continue;
		enum da_symbols_verdict verdict = compare_module(b, e);
		if (rank(verdict) >= rank(b->answer.verdict))
			continue;
		b->module = e;
		b->answer.verdict = verdict;
		b->answer.file = (uint32_t)i;
	}
}

/* A debug file with the recorded build-id is better than a module with another one, or none. */
static void prefer_exact_debug(struct box *b)
{
	if (b->answer.verdict != DA_SYMBOLS_ABSENT && b->answer.verdict != DA_SYMBOLS_MISMATCH)
		return;
	for (size_t i = 0; i < b->debugs.n; i++) {
		if (!b->debugs.elfs[i] || b->debugs.files[i].by_link ||
		    compare_module(b, b->debugs.elfs[i]) != DA_SYMBOLS_MATCH)
			continue;
		b->module = b->debugs.elfs[i];
		b->answer.verdict = DA_SYMBOLS_MATCH;
		b->answer.file = DA_WIRE_NONE;
		b->answer.debug_file = (uint32_t)i;
		return;
	}
}

static void explain_verdict(struct box *b)
{
	const struct da_box_file *file = b->modules.files + b->answer.file;

	if (b->answer.verdict == DA_SYMBOLS_MATCH)
		return;
	if (b->answer.verdict == DA_SYMBOLS_MISMATCH)
		note_mismatch(b, file, b->module);
	else if (b->answer.verdict == DA_SYMBOLS_UNVERIFIED && !b->job->query->build_id_len)
		note(b, "the recording has no build-id to compare with ", file->name, "");
	else if (b->answer.verdict == DA_SYMBOLS_UNVERIFIED)
		note(b, file->name, " has no build-id", "");
}

/* ---- which debug file ---- */

/* The module's own build-id, or the recorded one if it has none. */
static const uint8_t *effective_id(const struct box *b, size_t *len_out)
{
	const uint8_t *id = da_elf_build_id(b->module, len_out);

	if (*len_out)
		return id;
	*len_out = b->job->query->build_id_len;
	return b->job->query->build_id;
}

static bool accept_debug(struct box *b, const struct da_box_file *file, struct da_elf *e)
{
	struct da_separate_link link;
	size_t len;
	const uint8_t *id = effective_id(b, &len);

	da_separate_read_link(b->module, &link);
	const char *why = da_separate_refuse(file->fd, e, file->by_link ? &link : NULL, id, len);
	if (why)
		note(b, "cannot use ", file->name, why);
	return !why;
}

static void choose_debug(struct box *b)
{
	if (b->answer.file == DA_WIRE_NONE || da_elf_find_section(b->module, ".debug_info")) {
		b->debug = b->module;
		return;
	}
	for (size_t i = 0; i < b->debugs.n && !b->debug; i++) {
		if (!b->debugs.elfs[i] || !accept_debug(b, &b->debugs.files[i], b->debugs.elfs[i]))
			continue;
		b->debug = b->debugs.elfs[i];
		b->answer.debug_file = (uint32_t)i;
	}
}

/* Ask for the debug file, if the module says more than the recording did. */
static bool want_debug(struct box *b)
{
	struct da_separate_link link;
	struct da_wire_want want = {.alt = false};
	size_t len;
	const uint8_t *id = da_elf_build_id(b->module, &len);

	if (b->job->asked_debug)
		return false;
	if (da_separate_read_link(b->module, &link)) {
		want.name = link.name;
		want.name_len = (uint32_t)strlen(link.name);
		want.crc = link.crc;
	}
	if (b->answer.verdict != DA_SYMBOLS_MATCH) {
		want.id = id;
		want.id_len = (uint32_t)len;
	}
	if (!want.name_len && !want.id_len)
		return false;
	da_wire_want(&b->out, &want);
	return true;
}

/* The file that the debug file shares with others (dwz), opened; or ask for it. True: asked. */
static bool find_alt(struct box *b, struct da_elf **alt_out)
{
	struct da_wire_want want = {.alt = true};
	const char *path;
	const uint8_t *id;
	size_t len;

	*alt_out = NULL;
	if (!b->debug || !da_elf_altlink(b->debug, &path, &id, &len))
		return false;
	if (!b->job->asked_alt) {
		want.id = id;
		want.id_len = (uint32_t)len;
		want.name = path;
		want.name_len = (uint32_t)strlen(path);
		da_wire_want(&b->out, &want);
		return true;
	}
	struct opened alts = open_all(b, b->job->alts, b->job->n_alts);
	for (size_t i = 0; i < alts.n && !*alt_out; i++) {
		size_t n = 0;
		const uint8_t *found = alts.elfs[i] ? da_elf_build_id(alts.elfs[i], &n) : NULL;
		if (n && da_separate_same_id(found, n, id, len))
			*alt_out = alts.elfs[i];
	}
	if (!*alt_out)
		note(b, "some names are missing: no file ", path, "");
	return false;
}

/* ---- all ---- */

static void resolve(struct box *b, struct da_elf *alt)
{
	struct da_frames_input input = {
		.query = b->job->query,
		.demangle = b->job->demangle,
		.inlines = b->job->inlines,
		.module = b->module,
		.debug = b->debug,
		.alt = alt,
	};

	explain_verdict(b);
	if (b->job->strict_build_id && b->answer.verdict != DA_SYMBOLS_MATCH)
		da_wire_module(&b->out, &b->answer);
	else
		da_frames_send(&input, &b->out, &b->answer);
}

static void look(struct box *b)
{
	struct da_elf *alt;

	b->modules = open_all(b, b->job->modules, b->job->n_modules);
	b->debugs = open_all(b, b->job->debugs, b->job->n_debugs);
	choose_module(b);
	prefer_exact_debug(b);
	if (!b->module) {
		da_wire_module(&b->out, &b->answer);
		return;
	}
	choose_debug(b);
	if (!b->debug && want_debug(b))
		return;
	if (!find_alt(b, &alt))
		resolve(b, alt);
}

void da_box_run(void *job, int fd)
{
	struct box b = {
		.job = job,
		.answer = {.file = DA_WIRE_NONE, .debug_file = DA_WIRE_NONE},
	};

	da_wire_writer_init(&b.out, fd);
	look(&b);
	da_wire_flush(&b.out);
	/* Nothing is freed: the process ends. */
}
