/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_fixture.h"

#include <check.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "model/replay.h"
#include "stream.h"

#define PROG 0x400000u
#define LIB 0x7f0000000000u
#define MS 1000000u

static const struct fixture_name *names;
static struct stream st;
static struct da_replay *replay;
static struct da_header header;

/* ---- the symbols layer, which these take the place of */

static struct da_symbols_module *modules;
static size_t n_modules;

static const struct fixture_name *find_name(const struct da_symbols_query *q, uint64_t vaddr)
{
	for (const struct fixture_name *n = names; n && n->module; n++)
		if (strcmp(n->module, q->path) == 0 && n->vaddr == vaddr)
			return n;
	return NULL;
}

static void resolve_module(const struct da_symbols_query *q, struct da_symbols_module *m)
{
	struct da_symbols_address *addresses = calloc(q->n_vaddrs + 1, sizeof *addresses);

	*m = (struct da_symbols_module){ .verdict = DA_SYMBOLS_ABSENT, .reason = "no such file" };
	for (size_t i = 0; i < q->n_vaddrs; i++) {
		const struct fixture_name *n = find_name(q, q->vaddrs[i]);

		if (!n)
			continue;
		addresses[i].frames = n->frames;
		addresses[i].n_frames = n->n_frames;
		m->verdict = DA_SYMBOLS_MATCH;
		m->reason = NULL;
		m->has_symbols = m->has_lines = true;
	}
	m->addresses = addresses;
	m->n_addresses = q->n_vaddrs;
}

bool da_symbols_resolve(struct da_symbols *s, const struct da_symbols_query *queries, size_t n,
			const struct da_symbols_module **modules_out, struct da_err *err)
{
	(void)s, (void)err;
	modules = calloc(n, sizeof *modules);
	n_modules = n;
	for (size_t i = 0; i < n; i++)
		resolve_module(&queries[i], &modules[i]);
	*modules_out = modules;
	return true;
}

const char *da_symbols_verdict_text(enum da_symbols_verdict verdict)
{
	static const char *const texts[] = { "match", "mismatch", "absent", "unverified" };

	return texts[verdict];
}

/* ---- recordings */

void fixture_set_names(const struct fixture_name *table)
{
	names = table;
}

static void feed(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len)
{
	struct da_replay_piece piece = { .thread = thread, .bytes = bytes, .len = len };
	struct da_err err;

	(void)ctx;
	ck_assert_msg(da_replay_feed(replay, &piece, &err), "%s", err.text);
}

static void begin_with(const struct da_model_options *options)
{
	static const char cmdline[] = "prog\0--size\0"
				      "10";

	memset(&st, 0, sizeof st);
	st.take = feed;
	replay = da_replay_create(options);
	header = (struct da_header){
		.machine = EM_X86_64,
		.word_bits = 64,
		.pid = 4711,
		.start_wall_ns = 1700000000123456789,
		.depth = 256,
		.max_size = UINT64_MAX,
		.program = { "/usr/bin/prog", 13 },
		.cmdline = { cmdline, sizeof cmdline },
		.version = { "1.2", 3 },
		.host = { "board", 5 },
		.kernel = { "6.1", 3 },
	};
}

static void begin(void)
{
	begin_with(NULL);
}

static void finish(struct da_report *r)
{
	static int dummy;
	struct da_callsite_machine machine = da_report_callsite(&header);
	struct da_err err;

	stream_sync(&st);
	*r = (struct da_report){ .model = da_replay_finish(replay), .header = &header };
	ck_assert(
		da_names_create(r->model, (struct da_symbols *)&dummy, &machine, &r->names, &err));
}

static void tick(uint32_t thread, uint64_t ns)
{
	stream_numbers(&st, thread, DA_EXT_CLOCK, 1, ns);
}

/* Stacks, innermost first; return addresses are one behind the address that is looked up. */
static uint64_t stack(uint32_t thread, bool with_stacks, uint32_t n, const uintptr_t *pcs)
{
	return with_stacks ? stream_stack(&st, thread, pcs, n) : 0;
}

#define STACK(thread, ...)                                                                   \
	stack(thread, with_stacks, sizeof((uintptr_t[]){ __VA_ARGS__ }) / sizeof(uintptr_t), \
	      (uintptr_t[]){ __VA_ARGS__ })

static void say_first_thread(bool with_stacks)
{
	uint64_t load_a = STACK(1, PROG + 0x101, PROG + 0x201, PROG + 0x901);
	uint64_t load_b = STACK(1, PROG + 0x101, PROG + 0x211, PROG + 0x901);
	uint64_t name = STACK(1, LIB + 0x101, PROG + 0x301, PROG + 0x211, PROG + 0x901);
	uint64_t recursive = STACK(1, PROG + 0x401, PROG + 0x411, PROG + 0x401, PROG + 0x411,
				   PROG + 0x211, PROG + 0x901);
	uint64_t drop = STACK(1, PROG + 0x501, PROG + 0x901);
	uint64_t unknown = STACK(1, LIB + 0x501, LIB + 0x601, PROG + 0x901);
	uint64_t foreign = STACK(1, 0x123456);

	for (unsigned i = 0; i < 10; i++)
		stream_alloc(&st, 1, 0x10000 + 0x10000 * i, 4096, i < 6 ? load_a : load_b);
	tick(1, 10 * MS);
	for (unsigned i = 0; i < 4; i++)
		stream_alloc(&st, 1, 0x200000 + 0x100 * i, 24, name);
	stream_alloc(&st, 1, 0x300000, 1000, recursive);
	tick(1, 10 * MS);
	for (unsigned i = 0; i < 10; i++)
		stream_free(&st, 1, 0x10000 + 0x10000 * i, drop);
	tick(1, 20 * MS);
	stream_alloc(&st, 1, 0x400000, 0, unknown);
	stream_alloc(&st, 1, 0x500000, 77, foreign);
	for (unsigned i = 0; i < 3; i++) {
		stream_alloc(&st, 1, 0x600000, 16, load_b);
		stream_free(&st, 1, 0x600000, load_b);
	}
	stream_fail(&st, 1, 1 << 30, load_a);
}

static void say_second_thread(bool with_stacks)
{
	uint64_t work = STACK(2, PROG + 0x701, LIB + 0x601);

	stream_numbers(&st, 2, DA_EXT_THREAD, 1, (uint64_t)4712);
	stream_name(&st, 2, "worker");
	tick(2, 45 * MS);
	stream_alloc(&st, 2, 0x700000, 300, work);
	stream_free(&st, 2, 0x300000, work);
}

static void say_program(bool with_stacks)
{
	begin();
	stream_numbers(&st, 1, DA_EXT_THREAD, 1, (uint64_t)4711);
	stream_name(&st, 1, "prog");
	stream_load(&st, 1, 1, PROG, 0x10000, "/usr/bin/prog");
	stream_load(&st, 1, 2, LIB, 0x10000, "/usr/lib/libthing.so.1");
	say_first_thread(with_stacks);
	stream_flush(&st, 1);
	say_second_thread(with_stacks);
	stream_numbers(&st, 0, DA_EXT_RSS, 2, (uint64_t)(20 * MS), (uint64_t)65536);
	stream_numbers(&st, 0, DA_EXT_RSS, 2, (uint64_t)(50 * MS), (uint64_t)61440);
	stream_numbers(&st, 0, DA_EXT_END, 4, (uint64_t)DA_END_EXIT, (uint64_t)3, (uint64_t)38,
		       (uint64_t)38);
}

static const struct fixture_name program_names[] = {
	{ "/usr/bin/prog",
	  0x100,
	  { { "load_row", NULL, "/src/prog/load.c", 10, true },
	    { "load_table", NULL, "/src/prog/load.c", 20, false } },
	  2 },
	{ "/usr/bin/prog", 0x200, { { "startup", NULL, "/src/prog/main.c", 30, false } }, 1 },
	{ "/usr/bin/prog", 0x210, { { "handle", NULL, "/src/prog/main.c", 44, false } }, 1 },
	{ "/usr/bin/prog",
	  0x300,
	  { { "ns::keep<int>(char const*)", "_ZN2ns4keepIiEEvPKc", "/src/prog/name.cc", 7,
	      false } },
	  1 },
	{ "/usr/bin/prog", 0x400, { { "even", NULL, "/src/prog/rec.c", 5, false } }, 1 },
	{ "/usr/bin/prog", 0x410, { { "odd", NULL, "/src/prog/rec.c", 9, false } }, 1 },
	{ "/usr/bin/prog", 0x500, { { "drop_table", NULL, "/src/prog/load.c", 33, false } }, 1 },
	{ "/usr/bin/prog", 0x700, { { "work", NULL, "/src/prog/thread.c", 3, false } }, 1 },
	{ "/usr/bin/prog", 0x900, { { "main", NULL, "/src/prog/main.c", 60, false } }, 1 },
	{ "/usr/lib/libthing.so.1", 0x100, { { "strdup", NULL, NULL, 0, false } }, 1 },
	{ NULL, 0, { { NULL, NULL, NULL, 0, false } }, 0 },
};

void fixture_open(struct da_report *r)
{
	fixture_set_names(program_names);
	say_program(true);
	finish(r);
}

void fixture_open_stackless(struct da_report *r)
{
	fixture_set_names(program_names);
	say_program(false);
	finish(r);
}

/* 200 small blocks, of which 8 were sampled; 20 large ones, all but one sampled. */
static void say_sampled(void)
{
	bool with_stacks = true;
	uint64_t load_a = STACK(1, PROG + 0x101, PROG + 0x201, PROG + 0x901);
	uint64_t load_b = STACK(1, PROG + 0x101, PROG + 0x211, PROG + 0x901);
	uint64_t name = STACK(1, LIB + 0x101, PROG + 0x301, PROG + 0x211, PROG + 0x901);

	for (unsigned i = 0; i < 20; i++)
		stream_alloc(&st, 1, 0x10000 + 0x10000 * i, 4096,
			     i == 7     ? 0 :
			     i % 3 == 0 ? load_a :
					  load_b);
	tick(1, 10 * MS);
	for (unsigned i = 0; i < 200; i++)
		stream_alloc(&st, 1, 0x200000 + 0x100 * i, 64, i % 25 == 0 ? name : 0);
	tick(1, 20 * MS);
	for (unsigned i = 0; i < 200; i += 2)
		stream_free(&st, 1, 0x200000 + 0x100 * i, 0);
	stream_free(&st, 1, 0x900000, 0); /* of a block that was too small to be recorded */
	stream_alloc(&st, 1, 0xa00000, 64, name);
	stream_free(&st, 1, 0xa00000, 0);
}

void fixture_open_sampled(struct da_report *r)
{
	struct da_model_options options;

	fixture_set_names(program_names);
	da_model_options_init(&options);
	options.sample = 2048;
	options.is_filtered = true;
	begin_with(&options);
	header.sample = options.sample;
	header.min_size = 16;
	stream_numbers(&st, 1, DA_EXT_THREAD, 1, (uint64_t)4711);
	stream_name(&st, 1, "prog");
	stream_load(&st, 1, 1, PROG, 0x10000, "/usr/bin/prog");
	stream_load(&st, 1, 2, LIB, 0x10000, "/usr/lib/libthing.so.1");
	say_sampled();
	stream_numbers(&st, 0, DA_EXT_END, 4, (uint64_t)DA_END_EXIT, (uint64_t)0, (uint64_t)323,
		       (uint64_t)323);
	finish(r);
}

void fixture_open_evil(struct da_report *r, const char *evil, size_t len)
{
	static char path[512];
	static struct fixture_name table[2];
	struct da_text text = { evil, (uint32_t)len };
	bool with_stacks = true;

	begin();
	memcpy(path, evil, len);
	path[len] = '\0';
	header.program = header.cmdline = header.version = header.host = header.kernel = text;
	table[0] = (struct fixture_name){
		path, 0x100, { { path, path, path, 1, true }, { path, NULL, path, 2, false } }, 2
	};
	fixture_set_names(table);
	stream_numbers(&st, 1, DA_EXT_THREAD, 1, (uint64_t)4711);
	stream_name(&st, 1, path);
	stream_load(&st, 1, 1, PROG, 0x10000, path);
	stream_alloc(&st, 1, 0x10000, 100, STACK(1, PROG + 0x101, PROG + 0x201));
	finish(r);
}

void fixture_open_wrappers(struct da_report *r, const char *second)
{
	static struct fixture_name table[] = {
		{ "/usr/bin/prog", 0x300, { { "keep", NULL, "/src/prog/name.cc", 7, false } }, 1 },
		{ "/usr/lib/libthing.so.1", 0x100, { { "strdup", NULL, NULL, 0, false } }, 1 },
		{ "/usr/lib/libthing.so.1", 0x200, { { NULL, NULL, NULL, 0, false } }, 1 },
		{ NULL, 0, { { NULL, NULL, NULL, 0, false } }, 0 },
	};
	bool with_stacks = true;

	begin();
	table[2].frames[0].function = second;
	fixture_set_names(table);
	stream_load(&st, 1, 1, PROG, 0x10000, "/usr/bin/prog");
	stream_load(&st, 1, 2, LIB, 0x10000, "/usr/lib/libthing.so.1");
	stream_alloc(&st, 1, 0x10000, 10, STACK(1, LIB + 0x101, PROG + 0x301));
	stream_alloc(&st, 1, 0x20000, 20, STACK(1, LIB + 0x201, PROG + 0x301));
	finish(r);
}

void fixture_close(struct da_report *r)
{
	da_names_destroy(r->names);
	for (size_t i = 0; i < n_modules; i++)
		free((void *)(uintptr_t)modules[i].addresses);
	free(modules);
	stream_deinit(&st);
	da_replay_destroy(replay);
}

char *fixture_render(void (*write)(const struct da_report *r, FILE *out), const struct da_report *r,
		     size_t *len_out)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len_out);

	ck_assert_ptr_nonnull(out);
	write(r, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}
