/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/callgrind.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ds/intern.h"
#include "ds/map.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "report/clean.h"

#include "config.h"

static const struct {
	const char *name, *text;
} events[DA_CALLGRIND_EVENTS] = {
	{ "curB", "Bytes live at end" },       { "curBk", "Blocks live at end" },
	{ "totB", "Bytes allocated" },         { "totBk", "Blocks allocated" },
	{ "totFdB", "Bytes freed from here" }, { "totFdBk", "Blocks freed from here" },
	{ "pkB", "Bytes at the peak" },        { "pkBk", "Blocks at the peak" },
	{ "tmpBk", "Temporary blocks" },
};

/* The callee of a record that is a line's own cost. Sorts before every function. */
#define SELF 0

struct costs {
	uint64_t v[DA_CALLGRIND_EVENTS];
};

/* What tells functions apart. No padding: it is hashed as bytes. */
struct function_key {
	uint32_t module, file, function;
	uint32_t is_stackless; /* 1: the function that stands for "no stack" */
	uint64_t address; /* 0 when the function is known */
};

/* What tells cost lines apart. Functions by number + 1. */
struct record_key {
	uint32_t function, line, callee;
};

struct record {
	struct costs costs;
	uint64_t calls;
};

struct graph {
	const struct da_report *r;
	struct da_intern functions; /* of struct function_key */
	struct da_intern keys; /* of struct record_key */
	struct record *records; /* by number in keys */
	size_t cap_records;
	struct da_map pairs; /* caller << 32 | callee -> number + 1 of the last site counted */
	struct costs sum;
	uint32_t *fn, *file, *object; /* ids given out, by function, text, module; 0: not yet */
	uint32_t n_fn, n_file, n_object;
};

static struct costs costs_of(const struct da_model_site *s)
{
	return (struct costs){ { s->live_bytes, s->live_blocks, s->alloc_bytes, s->alloc_calls,
				 s->released_bytes, s->released_calls, s->peak_bytes,
				 s->peak_blocks, s->temporary_blocks } };
}

static bool is_zero(const struct costs *c)
{
	static const struct costs zero;

	return memcmp(c, &zero, sizeof zero) == 0;
}

static void add_costs(struct costs *to, const struct costs *from)
{
	for (size_t i = 0; i < DA_CALLGRIND_EVENTS; i++)
		to->v[i] += from->v[i];
}

/* ---- building the graph */

static uint32_t put_function(struct graph *g, const struct da_names_frame *f)
{
	struct function_key key = { .module = f->module, .file = f->file, .function = f->function };

	if (!f->function)
		key.address = f->address;
	return da_intern_put(&g->functions, &key, sizeof key) + 1;
}

static uint32_t put_stackless(struct graph *g)
{
	struct function_key key = { .module = DA_MODEL_NO_MODULE, .is_stackless = 1 };

	return da_intern_put(&g->functions, &key, sizeof key) + 1;
}

static void add_record(struct graph *g, const struct record_key *key, const struct costs *costs,
		       uint64_t calls)
{
	size_t before = g->keys.n;
	uint32_t i = da_intern_put(&g->keys, key, sizeof *key);

	g->records = da_vec_reserve(g->records, &g->cap_records, (size_t)i + 1, sizeof *g->records);
	if (i == before)
		g->records[i] = (struct record){ .calls = 0 };
	add_costs(&g->records[i].costs, costs);
	g->records[i].calls += calls;
}

/* Whether this is the first time that @stamp's stack calls @callee from @caller. */
static bool is_new_pair(struct graph *g, uint32_t caller, uint32_t callee, uint64_t stamp)
{
	uint64_t *last = da_map_put(&g->pairs, (uint64_t)caller << 32 | callee, NULL);
	bool is_new = *last != stamp;

	*last = stamp;
	return is_new;
}

static void add_site(struct graph *g, size_t index)
{
	const struct da_model_site *site = &g->r->model->sites[index];
	struct costs costs = costs_of(site);
	struct record_key key = { .line = 0 };
	const struct da_names_frame *frames;
	size_t n;

	if (is_zero(&costs))
		return;
	add_costs(&g->sum, &costs);
	frames = da_names_stack(g->r->names, site, &n);
	key.function = n ? put_function(g, &frames[n - 1]) : put_stackless(g);
	for (size_t i = n; i > 1; i--) {
		key.line = frames[i - 1].line;
		key.callee = put_function(g, &frames[i - 2]);
		if (is_new_pair(g, key.function, key.callee, index + 1))
			add_record(g, &key, &costs, site->alloc_calls);
		key.function = key.callee;
	}
	key.line = n ? frames[0].line : 0;
	key.callee = SELF;
	add_record(g, &key, &costs, 0);
}

/* ---- writing it */

/* "spec=(3) name" the first time, "spec=(3)" afterwards. */
static void put_name(const char *spec, uint32_t *id, uint32_t *last_id, const char *name, FILE *out)
{
	if (*id) {
		fprintf(out, "%s=(%" PRIu32 ")\n", spec, *id);
		return;
	}
	*id = ++*last_id;
	fprintf(out, "%s=(%" PRIu32 ") %s\n", spec, *id, name[0] ? name : "???");
}

static const char *function_name(const struct graph *g, const struct function_key *key,
				 char buf[DA_NAMES_LABEL])
{
	struct da_names_frame f = { .module = key->module,
				    .function = key->function,
				    .address = key->address };

	return key->is_stackless ? "[no stack]" : da_names_label(g->r->names, &f, buf);
}

static void get_function(const struct graph *g, uint32_t function, struct function_key *key_out)
{
	memcpy(key_out, da_intern_get(&g->functions, function - 1), sizeof *key_out);
}

/* Where the function is, but for what it has in common with @near (NULL: nothing), and its name. */
static void put_function_names(struct graph *g, uint32_t function, const char *const specs[3],
			       const struct function_key *near, FILE *out)
{
	const struct da_names *names = g->r->names;
	char label[DA_NAMES_LABEL];
	const struct da_names_module *m;
	struct function_key key;
	size_t module;

	get_function(g, function, &key);
	module = key.module < g->r->model->n_modules ? key.module : g->r->model->n_modules;
	m = da_names_module_of(names, key.module);
	if (!near || near->module != key.module)
		put_name(specs[0], &g->object[module], &g->n_object, m->file ? m->file : m->path,
			 out);
	if (!near || near->file != key.file)
		put_name(specs[1], &g->file[key.file], &g->n_file, da_names_text(names, key.file),
			 out);
	put_name(specs[2], &g->fn[function - 1], &g->n_fn, function_name(g, &key, label), out);
}

static void put_costs(const struct costs *c, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %" PRIu64, c->v[i]);
	putc('\n', out);
}

/* How many values there are but for the zeros at the end. */
static size_t used(const struct costs *c)
{
	size_t n = DA_CALLGRIND_EVENTS;

	while (n > 1 && !c->v[n - 1])
		n--;
	return n;
}

static void put_record(struct graph *g, const struct record_key *key, const struct record *record,
		       FILE *out)
{
	static const char *const specs[] = { "cob", "cfi", "cfn" };
	struct function_key caller;

	if (key->callee != SELF) {
		get_function(g, key->function, &caller);
		put_function_names(g, key->callee, specs, &caller, out);
		/* A count of 0 would make callgrind_annotate take the cost for the line's own. */
		fprintf(out, "calls=%" PRIu64 " 0\n", record->calls ? record->calls : 1);
	}
	fprintf(out, "%" PRIu32, key->line);
	put_costs(&record->costs, key->callee == SELF ? DA_CALLGRIND_EVENTS : used(&record->costs),
		  out);
}

/*
 * callgrind_annotate adds up what it prints of a source file, and warns of values that are not
 * there: each function needs a cost of its own, and that all its zeros (3.19, lines 1183 and 1284).
 */
static void put_no_costs(uint32_t line, FILE *out)
{
	static const struct costs none;

	fprintf(out, "%" PRIu32, line);
	put_costs(&none, DA_CALLGRIND_EVENTS, out);
}

/* A record in the order of writing. */
struct entry {
	struct record_key key;
	uint32_t record;
};

static int compare_numbers(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = compare_numbers(x->key.function, y->key.function);

	if (!c)
		c = compare_numbers(x->key.callee != SELF, y->key.callee != SELF);
	if (!c)
		c = compare_numbers(x->key.line, y->key.line);
	return c ? c : compare_numbers(x->key.callee, y->key.callee);
}

static struct entry *sorted_entries(const struct graph *g)
{
	struct entry *entries = da_xcalloc(g->keys.n + 1, sizeof *entries);

	for (uint32_t i = 0; i < g->keys.n; i++) {
		memcpy(&entries[i].key, da_intern_get(&g->keys, i), sizeof entries[i].key);
		entries[i].record = i;
	}
	qsort(entries, g->keys.n, sizeof *entries, compare_entries);
	return entries;
}

static void put_body(struct graph *g, FILE *out)
{
	static const char *const specs[] = { "ob", "fl", "fn" };
	struct entry *entries = sorted_entries(g);
	uint32_t function = 0;

	g->fn = da_xcalloc(g->functions.n + 1, sizeof *g->fn);
	g->file = da_xcalloc(da_names_count(g->r->names), sizeof *g->file);
	g->object = da_xcalloc(g->r->model->n_modules + 1, sizeof *g->object);
	for (size_t i = 0; i < g->keys.n; i++) {
		if (entries[i].key.function != function) {
			function = entries[i].key.function;
			putc('\n', out);
			put_function_names(g, function, specs, NULL, out);
			if (entries[i].key.callee != SELF)
				put_no_costs(entries[i].key.line, out);
		}
		put_record(g, &entries[i].key, &g->records[entries[i].record], out);
	}
	free(entries);
}

static void put_text(const char *text, size_t len, FILE *out)
{
	char clean[DA_CLEAN_MAX + 1];

	da_clean(clean, sizeof clean, text, len);
	fputs(clean, out);
}

static void put_cmd(const struct da_header *h, FILE *out)
{
	fputs("cmd:", out);
	for (uint32_t i = 0; i < h->cmdline.len;) {
		size_t len = strnlen(h->cmdline.bytes + i, h->cmdline.len - i);

		putc(' ', out);
		put_text(h->cmdline.bytes + i, len, out);
		i += (uint32_t)len + 1;
	}
	if (h->cmdline.len == 0) {
		putc(' ', out);
		put_text(h->program.bytes, h->program.len, out);
	}
	putc('\n', out);
}

/* The sums below are those of the estimates: readers take shares of them. */
static void put_sampling(const struct da_model *m, FILE *out)
{
	const struct da_model_totals *t = &m->totals;
	char text[DA_REPORT_SAMPLING];

	if (!m->sample_bytes)
		return;
	fprintf(out, "desc: Stacks: %s\n", da_report_sampling(m, text));
	fprintf(out,
		"desc: Exact totals: curB %" PRIu64 " curBk %" PRIu64 " totB %" PRIu64
		" totBk %" PRIu64 " pkB %" PRIu64 " pkBk %" PRIu64 " tmpBk %" PRIu64 "\n",
		t->live_bytes, t->live_blocks, t->alloc_bytes, t->alloc_calls, t->peak_bytes,
		t->peak_blocks, t->temporary_blocks);
}

static void put_header(const struct graph *g, FILE *out)
{
	const struct da_report *r = g->r;

	fprintf(out, "# callgrind format\nversion: 1\ncreator: dumpalloc " PACKAGE_VERSION "\n");
	fprintf(out, "pid: %" PRIu32 "\n", r->header->pid);
	put_cmd(r->header, out);
	fprintf(out, "desc: Heap: bytes and blocks by call stack\n");
	put_sampling(r->model, out);
	if (r->truncated)
		fprintf(out, "desc: Recording damaged at byte %" PRIu64 ", read up to there\n",
			r->truncated_byte);
	fputs("positions: line\n", out);
	for (size_t i = 0; i < DA_CALLGRIND_EVENTS; i++)
		fprintf(out, "event: %s : %s\n", events[i].name, events[i].text);
	fputs("events:", out);
	for (size_t i = 0; i < DA_CALLGRIND_EVENTS; i++)
		fprintf(out, " %s", events[i].name);
	fputs("\nsummary:", out);
	put_costs(&g->sum, DA_CALLGRIND_EVENTS, out);
}

static void deinit(struct graph *g)
{
	da_intern_deinit(&g->functions);
	da_intern_deinit(&g->keys);
	da_map_deinit(&g->pairs);
	free(g->records);
	free(g->fn);
	free(g->file);
	free(g->object);
}

void da_callgrind_write(const struct da_report *r, FILE *out)
{
	struct graph g = { .r = r };

	da_map_init(&g.pairs, sizeof(uint64_t));
	for (size_t i = 0; i < r->model->n_sites; i++)
		add_site(&g, i);
	put_header(&g, out);
	put_body(&g, out);
	fputs("\ntotals:", out);
	put_costs(&g.sum, DA_CALLGRIND_EVENTS, out);
	deinit(&g);
}
