/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "ds/arena.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "symbols/box.h"
#include "symbols/search.h"
#include "symbols/wire.h"
#include "symbols/worker.h"

/* Runs of a worker for one module: plain, with its debug file, with the alt file of that. */
#define MAX_RUNS 3

struct da_symbols {
	struct da_search search;
	bool inlines;
	enum da_symbols_demangle demangle;
	bool strict_build_id;
	unsigned int worker_seconds;
	/* All results. */
	struct da_arena arena;
};

/* The lookup of one module. */
struct lookup {
	struct da_symbols *s;
	const struct da_symbols_query *query;
	struct da_search_files modules;
	struct da_search_files debugs;
	struct da_search_files alts;
	struct da_box_job job;
	struct da_symbols_module *result;
	struct da_symbols_address *addresses;
	/* Texts of the worker by number - 1, in the arena. */
	const char **texts;
	size_t n_texts, cap_texts;
	char reason[2048];
	bool has_frames;
};

/* ---- life ---- */

bool da_symbols_create(const struct da_symbols_options *options, struct da_symbols **out,
		       struct da_err *err)
{
	struct da_symbols *s = da_xcalloc(1, sizeof(*s));

	*out = NULL;
	if (!da_search_init(&s->search, options, err)) {
		free(s);
		return false;
	}
	s->inlines = options->inlines;
	s->demangle = options->demangle;
	s->strict_build_id = options->strict_build_id;
	s->worker_seconds = options->worker_seconds;
	*out = s;
	return true;
}

void da_symbols_destroy(struct da_symbols *s)
{
	if (!s)
		return;
	da_search_deinit(&s->search);
	da_arena_deinit(&s->arena);
	free(s);
}

const char *da_symbols_verdict_text(enum da_symbols_verdict verdict)
{
	switch (verdict) {
	case DA_SYMBOLS_MATCH:
		return "match";
	case DA_SYMBOLS_MISMATCH:
		return "mismatch";
	case DA_SYMBOLS_ABSENT:
		return "absent";
	case DA_SYMBOLS_UNVERIFIED:
		return "unverified";
	}
	return "absent";
}

/* ---- what a worker answered ---- */

static void add_reason(struct lookup *l, const char *text, size_t len)
{
	size_t n = strlen(l->reason);

	da_fmt(l->reason + n, sizeof(l->reason) - n, "%s%.*s", n ? "; " : "", (int)len, text);
}

static const char *text_of(const struct lookup *l, uint32_t number)
{
	return number && number <= l->n_texts ? l->texts[number - 1] : NULL;
}

static void take_text(struct lookup *l, const struct da_wire_message *m)
{
	size_t len = strnlen(m->text, m->text_len);

	l->texts = da_vec_reserve(l->texts, &l->cap_texts, l->n_texts + 1, sizeof(*l->texts));
	l->texts[l->n_texts++] = da_arena_copy(&l->s->arena, m->text, len);
}

static void take_frames(struct lookup *l, const struct da_wire_message *m)
{
	struct da_symbols_frame *frames =
		da_arena_alloc(&l->s->arena, m->n_frames * sizeof(*frames));

	for (uint32_t i = 0; i < m->n_frames; i++) {
		struct da_wire_frame f = da_wire_get_frame(m, i);
		frames[i] = (struct da_symbols_frame){
			.function = text_of(l, f.function),
			.linkage_name = text_of(l, f.linkage),
			.file = text_of(l, f.file),
			.line = f.line,
			.inlined = f.flags & DA_WIRE_INLINED,
		};
	}
	l->addresses[m->index] = (struct da_symbols_address){frames, m->n_frames};
	l->has_frames = true;
}

static const char *file_name(struct lookup *l, const struct da_search_files *files, uint32_t index)
{
	if (index >= files->n)
		return NULL;
	const char *name = files->items[index].name;
	return da_arena_copy(&l->s->arena, name, strlen(name));
}

static void take_module(struct lookup *l, const struct da_wire_module *m)
{
	l->result->verdict = (enum da_symbols_verdict)m->verdict;
	l->result->file = file_name(l, &l->modules, m->file);
	l->result->debug_file = file_name(l, &l->debugs, m->debug_file);
	l->result->has_symbols = m->flags & DA_WIRE_HAS_SYMBOLS;
	l->result->has_lines = m->flags & DA_WIRE_HAS_LINES;
}

/* Look for the file asked for. */
static void take_want(struct lookup *l, const struct da_wire_want *want)
{
	char *name = da_xstrndup(want->name, want->name_len);

	if (want->alt) {
		da_search_alt(&l->s->search, name, want->id, want->id_len, &l->alts);
		l->job.asked_alt = true;
	} else {
		if (want->id_len)
			da_search_build_id(&l->s->search, want->id, want->id_len, &l->debugs);
		if (name[0] && !strchr(name, '/'))
			da_search_link(&l->s->search, l->query->path, name, &l->debugs);
		l->job.asked_debug = true;
	}
	free(name);
}

/* True if the worker has to run once more, with a file it asked for. */
static bool take_answer(struct lookup *l, const struct da_worker_result *answer)
{
	struct da_wire_reader reader = {.bytes = answer->answer, .n = answer->n_answer};
	struct da_wire_message m;
	bool again = false;

	l->n_texts = 0;
	l->reason[0] = '\0';
	while (!again && da_wire_next(&reader, l->query->n_vaddrs, &m)) {
		switch (m.kind) {
		case DA_WIRE_STRING:
			take_text(l, &m);
			break;
		case DA_WIRE_FRAMES:
			take_frames(l, &m);
			break;
		case DA_WIRE_MODULE:
			take_module(l, &m.module);
			break;
		case DA_WIRE_NOTE:
			add_reason(l, m.text, m.text_len);
			break;
		case DA_WIRE_WANT:
			/* Asking twice is not in the protocol; do not play along. */
			again = !(m.want.alt ? l->job.asked_alt : l->job.asked_debug);
			if (again)
				take_want(l, &m.want);
			break;
		}
	}
	if (answer->complete && !again && reader.at < reader.n)
		add_reason(l, "the worker's answer is damaged", INT32_MAX);
	return again;
}

/* ---- one module ---- */

static void explain_death(struct lookup *l, const struct da_worker_result *answer)
{
	const char *name = l->modules.n ? l->modules.items[0].name : l->query->path;
	char text[1024];

	da_fmt(text, sizeof(text), "%s for %s: %s", l->has_frames ? "no lines" : "no symbols", name,
	       answer->reason);
	add_reason(l, text, strlen(text));
}

static bool run_worker(struct lookup *l, bool *again_out, struct da_err *err)
{
	int fds[3 * DA_SEARCH_MAX_FILES];
	struct da_search_files *lists[] = {&l->modules, &l->debugs, &l->alts};
	struct da_worker_job job = {.run = da_box_run, .arg = &l->job, .fds = fds};
	struct da_worker_result answer;

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < lists[i]->n; k++)
			fds[job.n_fds++] = lists[i]->items[k].fd;
	job.wall_seconds = l->s->worker_seconds;
	l->job.modules = l->modules.items;
	l->job.n_modules = l->modules.n;
	l->job.debugs = l->debugs.items;
	l->job.n_debugs = l->debugs.n;
	l->job.alts = l->alts.items;
	l->job.n_alts = l->alts.n;
	if (!da_worker_run(&job, &answer, err))
		return false;
	*again_out = take_answer(l, &answer) && answer.complete;
	if (!answer.complete)
		explain_death(l, &answer);
	free(answer.answer);
	return true;
}

static bool run_workers(struct lookup *l, struct da_err *err)
{
	bool again = true;

	for (int i = 0; i < MAX_RUNS && again; i++)
		if (!run_worker(l, &again, err))
			return false;
	return true;
}

static void find_files(struct lookup *l)
{
	const struct da_symbols_query *q = l->query;

	if (q->is_vdso || q->path[0] == '[' || q->path[0] == '\0')
		return;
	da_search_module(&l->s->search, q->path, &l->modules);
	if (q->build_id_len >= 2)
		da_search_build_id(&l->s->search, q->build_id, q->build_id_len, &l->debugs);
}

static bool look_up(struct lookup *l, struct da_err *err)
{
	find_files(l);
	if (l->modules.n + l->debugs.n && !run_workers(l, err))
		return false;
	if (!l->modules.n && l->modules.failures[0] && !l->result->debug_file)
		add_reason(l, l->modules.failures, INT32_MAX);
	else if (l->query->is_vdso)
		add_reason(l, "the kernel's vdso is in no file", INT32_MAX);
	if (l->reason[0])
		l->result->reason = da_arena_copy(&l->s->arena, l->reason, strlen(l->reason));
	return true;
}

static bool resolve_module(struct da_symbols *s, const struct da_symbols_query *query,
			   struct da_symbols_module *result, struct da_err *err)
{
	struct lookup l = {
		.s = s,
		.query = query,
		.job = {.query = query, .demangle = s->demangle, .inlines = s->inlines,
			.strict_build_id = s->strict_build_id},
		.result = result,
	};

	l.addresses = da_arena_alloc(&s->arena, query->n_vaddrs * sizeof(*l.addresses));
	result->verdict = DA_SYMBOLS_ABSENT;
	result->addresses = l.addresses;
	result->n_addresses = query->n_vaddrs;
	bool ok = look_up(&l, err);
	da_search_files_deinit(&l.modules);
	da_search_files_deinit(&l.debugs);
	da_search_files_deinit(&l.alts);
	free(l.texts);
	return ok;
}

bool da_symbols_resolve(struct da_symbols *s, const struct da_symbols_query *modules,
			size_t n_modules, const struct da_symbols_module **modules_out,
			struct da_err *err)
{
	struct da_symbols_module *results =
		da_arena_alloc(&s->arena, n_modules * sizeof(*results));

	*modules_out = NULL;
	for (size_t i = 0; i < n_modules; i++)
		if (!resolve_module(s, &modules[i], &results[i], err))
			return false;
	*modules_out = results;
	return true;
}
