/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The symbols layer on the command line, for tests: reads hexadecimal ELF addresses, one per line,
 * and prints as "addr2line -a -i -f -C -e MODULE" does; then the verdict on standard error.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ds/vec.h"
#include "symbols/symbols.h"

#define MAX_DIRS 8

static const struct option options[] = {
	{"build-id", required_argument, NULL, 'b'},   {"debug-path", required_argument, NULL, 'd'},
	{"demangle", required_argument, NULL, 'D'},   {"extra-path", required_argument, NULL, 'e'},
	{"no-inlines", no_argument, NULL, 'i'},	      {"no-openat2", no_argument, NULL, 'o'},
	{"rootfs", required_argument, NULL, 'r'},     {"seconds", required_argument, NULL, 's'},
	{"strict-build-id", no_argument, NULL, 'S'},  {NULL, 0, NULL, 0},
};

static size_t read_id(const char *hex, uint8_t id[64])
{
	size_t n = 0;
	unsigned int byte;

	while (n < 64 && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		id[n++] = (uint8_t)byte;
	return n;
}

static enum da_symbols_demangle read_demangle(const char *word)
{
	if (strcmp(word, "none") == 0)
		return DA_SYMBOLS_DEMANGLE_NONE;
	return strcmp(word, "short") == 0 ? DA_SYMBOLS_DEMANGLE_SHORT : DA_SYMBOLS_DEMANGLE_FULL;
}

static uint64_t *read_addresses(size_t *n_out)
{
	char line[64];
	uint64_t *items = NULL;
	size_t n = 0, cap = 0;

	while (fgets(line, sizeof(line), stdin)) {
		items = da_vec_reserve(items, &cap, n + 1, sizeof(*items));
		items[n++] = strtoull(line, NULL, 16);
	}
	*n_out = n;
	return items;
}

static void print_address(uint64_t vaddr, const struct da_symbols_address *a)
{
	printf("0x%016llx\n", (unsigned long long)vaddr);
	if (!a->n_frames)
		puts("??\n??:0");
	for (size_t i = 0; i < a->n_frames; i++) {
		const struct da_symbols_frame *f = &a->frames[i];
		puts(f->function ? f->function : "??");
		if (f->line)
			printf("%s:%u\n", f->file ? f->file : "??", f->line);
		else
			printf("%s:?\n", f->file ? f->file : "??");
	}
}

/* What the command line says. */
struct request {
	const char *debugs[MAX_DIRS];
	const char *extras[MAX_DIRS];
	uint8_t id[64];
	struct da_symbols_options options;
	struct da_symbols_query query;
};

static bool take_option(struct request *r, int c, const char *arg)
{
	struct da_symbols_options *o = &r->options;

	switch (c) {
	case 'b':
		r->query.build_id = r->id;
		r->query.build_id_len = read_id(arg, r->id);
		return true;
	case 'd':
		r->debugs[o->n_debug_paths++ % MAX_DIRS] = arg;
		return o->n_debug_paths <= MAX_DIRS;
	case 'D':
		o->demangle = read_demangle(arg);
		return true;
	case 'e':
		r->extras[o->n_extra_paths++ % MAX_DIRS] = arg;
		return o->n_extra_paths <= MAX_DIRS;
	case 'i':
		o->inlines = false;
		return true;
	case 'o':
		o->no_openat2 = true;
		return true;
	case 'r':
		o->rootfs = arg;
		return true;
	case 's':
		o->worker_seconds = (unsigned int)atoi(arg);
		return true;
	case 'S':
		o->strict_build_id = true;
		return true;
	default:
		return false;
	}
}

static bool take_command_line(struct request *r, int argc, char **argv)
{
	int c;

	r->options.inlines = true;
	r->options.debug_paths = r->debugs;
	r->options.extra_paths = r->extras;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(r, c, optarg))
			return false;
	if (optind != argc - 1)
		return false;
	r->query.path = argv[optind];
	return true;
}

int main(int argc, char **argv)
{
	struct request r = {0};
	struct da_symbols *s;
	const struct da_symbols_module *m;
	struct da_err err;

	if (!take_command_line(&r, argc, argv))
		return 2;
	r.query.vaddrs = read_addresses(&r.query.n_vaddrs);
	if (!da_symbols_create(&r.options, &s, &err) ||
	    !da_symbols_resolve(s, &r.query, 1, &m, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < m->n_addresses; i++)
		print_address(r.query.vaddrs[i], &m->addresses[i]);
	fprintf(stderr, "%s file=%s debug=%s symbols=%d lines=%d %s\n",
		da_symbols_verdict_text(m->verdict), m->file ? m->file : "-",
		m->debug_file ? m->debug_file : "-", m->has_symbols, m->has_lines,
		m->reason ? m->reason : "");
	da_symbols_destroy(s);
	free((void *)r.query.vaddrs);
	return 0;
}
