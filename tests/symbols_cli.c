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

int main(int argc, char **argv)
{
	const char *debugs[MAX_DIRS], *extras[MAX_DIRS];
	struct da_symbols_options o = {.inlines = true, .debug_paths = debugs, .extra_paths = extras};
	struct da_symbols_query q = {0};
	uint8_t id[64];
	struct da_symbols *s;
	const struct da_symbols_module *m;
	struct da_err err;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			q.build_id = id;
			q.build_id_len = read_id(optarg, id);
			break;
		case 'd':
			if (o.n_debug_paths < MAX_DIRS)
				debugs[o.n_debug_paths++] = optarg;
			break;
		case 'D':
			o.demangle = read_demangle(optarg);
			break;
		case 'e':
			if (o.n_extra_paths < MAX_DIRS)
				extras[o.n_extra_paths++] = optarg;
			break;
		case 'i':
			o.inlines = false;
			break;
		case 'o':
			o.no_openat2 = true;
			break;
		case 'r':
			o.rootfs = optarg;
			break;
		case 's':
			o.worker_seconds = (unsigned int)atoi(optarg);
			break;
		case 'S':
			o.strict_build_id = true;
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1)
		return 2;
	q.path = argv[optind];
	q.vaddrs = read_addresses(&q.n_vaddrs);
	if (!da_symbols_create(&o, &s, &err) || !da_symbols_resolve(s, &q, 1, &m, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < m->n_addresses; i++)
		print_address(q.vaddrs[i], &m->addresses[i]);
	fprintf(stderr, "%s file=%s debug=%s symbols=%d lines=%d %s\n",
		da_symbols_verdict_text(m->verdict), m->file ? m->file : "-",
		m->debug_file ? m->debug_file : "-", m->has_symbols, m->has_lines,
		m->reason ? m->reason : "");
	da_symbols_destroy(s);
	free((void *)q.vaddrs);
	return 0;
}
