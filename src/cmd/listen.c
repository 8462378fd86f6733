/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/listen_loop.h"
#include "cmd/quantity.h"
#include "collect/pattern.h"
#include "ds/mem.h"

#define STATUS_USAGE 1
#define DEFAULT_PORT "7000"
#define DEFAULT_CLIENTS 16
#define DEFAULT_FILE (UINT64_C(4) << 30)
#define MAX_ALLOW 64

static bool set_output(void *options, const char *value, struct da_err *err)
{
	struct da_listen_options *o = options;

	o->output = value;
	return da_pattern_check(value, err);
}

static bool set_rootfs(void *options, const char *value, struct da_err *err)
{
	struct da_listen_options *o = options;
	struct stat st;

	o->rootfs = value;
	if (stat(value, &st))
		return da_err_set(err, "cannot open %s: %s", value, strerror(errno));
	return S_ISDIR(st.st_mode) || da_err_set(err, "%s is not a directory", value);
}

static bool set_once(void *options, const char *value, struct da_err *err)
{
	struct da_listen_options *o = options;

	(void)value, (void)err;
	o->once = true;
	return true;
}

static bool set_live(void *options, const char *value, struct da_err *err)
{
	static const char *const names[] = { "line", "none", NULL };
	struct da_listen_options *o = options;

	o->has_live = true;
	return da_options_choose(value, names, &o->live, err);
}

static bool set_allow(void *options, const char *value, struct da_err *err)
{
	struct da_listen_options *o = options;
	struct da_cidr cidr;

	if (o->n_allow == MAX_ALLOW)
		return da_err_set(err, "more than %d address blocks", MAX_ALLOW);
	o->allow[o->n_allow++] = value;
	return da_cidr_parse(value, &cidr, err);
}

static bool set_max_clients(void *options, const char *value, struct da_err *err)
{
	struct da_listen_options *o = options;

	return da_quantity_parse_number(value, 1, DA_LISTEN_CLIENTS, &o->max_clients, err);
}

static bool set_max_file(void *options, const char *value, struct da_err *err)
{
	struct da_listen_options *o = options;

	return da_quantity_parse_size(value, &o->max_file, err);
}

static const struct da_option option_table[] = {
	{ "output", NULL, 'o', "FILE",
	  "store each stream as FILE, default %e.%p.dalloc\n"
	  "(%p pid, %e program, %h host, %t time, %% percent);\n"
	  "-1, -2 … is added rather than overwrite a file",
	  set_output },
	{ "rootfs", NULL, 0, "DIR",
	  "write PROG.PID.callgrind at the end of each\n"
	  "stream, with the names from the files below DIR",
	  set_rootfs },
	{ "once", NULL, 0, NULL, "end after the first stream", set_once },
	{ "live", NULL, 0, "HOW", "line: totals each second (default); none", set_live },
	{ "allow", NULL, 0, "CIDR",
	  "who may connect, repeatable; default: loopback,\n"
	  "private and link-local addresses",
	  set_allow },
	{ "max-clients", NULL, 0, "N", "connections at once, default 16", set_max_clients },
	{ "max-file", NULL, 0, "SIZE", "end a stream beyond this size, default 4G", set_max_file },
	{ NULL, NULL, 0, NULL, NULL, NULL },
};

/* Standard output is a pipe and nothing asks for files: the bytes of one stream go there. */
static bool wants_raw(const struct da_listen_options *o)
{
	struct stat st;

	return !o->output && !o->rootfs && !fstat(STDOUT_FILENO, &st) && S_ISFIFO(st.st_mode);
}

static void fill_allow(struct da_listen_loop *l)
{
	bool own = l->options->n_allow;
	size_t n = own ? l->options->n_allow : DA_CIDR_LOCAL_COUNT;

	l->allow = da_xcalloc(n, sizeof *l->allow);
	for (size_t i = 0; i < n; i++)
		da_cidr_parse(own ? l->options->allow[i] : da_cidr_local[i], &l->allow[i], NULL);
	l->n_allow = n;
}

static int listen_with(struct da_listen_options *o)
{
	static struct da_listen_loop loop;
	char where[512];
	struct da_err err;
	int status;

	loop.options = o;
	loop.raw = wants_raw(o);
	if (loop.raw) {
		o->once = true;
		o->max_clients = 1;
		o->live = o->has_live ? o->live : DA_LISTEN_NONE;
	}
	fill_allow(&loop);
	if (!da_serve_open(&loop.serve, o->address, DEFAULT_PORT, &err)) {
		da_message_error("%s", err.text);
		return STATUS_USAGE;
	}
	da_serve_describe(&loop.serve, where, sizeof where);
	da_message_note("listening on %s, admitting %s", where,
			o->n_allow ? "the addresses of --allow" :
				     "loopback, private and link-local addresses");
	status = da_listen_loop_run(&loop);
	free(loop.allow);
	return status;
}

static int run(const struct da_command *self, int argc, char **argv)
{
	const char *allow[MAX_ALLOW];
	struct da_listen_options o = {
		.allow = allow,
		.max_clients = DEFAULT_CLIENTS,
		.max_file = DEFAULT_FILE,
	};
	int first;

	switch (da_options_parse(self, argc, argv, &o, &first)) {
	case DA_OPTIONS_DONE: return 0;
	case DA_OPTIONS_BAD: return STATUS_USAGE;
	default: break;
	}
	if (argc - first > 1) {
		da_message_error("one address is enough: %s, %s", argv[first], argv[first + 1]);
		return STATUS_USAGE;
	}
	o.address = first < argc ? argv[first] : NULL;
	return listen_with(&o);
}

const struct da_command da_command_listen = {
	.name = "listen",
	.summary = "Receive recordings over the network, store them, show live totals",
	.usage = "[options] [[ADDR]:PORT]",
	.notes = "Without an address: loopback only, port 7000; :PORT listens on all addresses.\n"
		 "When standard output is a pipe, and neither -o nor --rootfs is given, the bytes\n"
		 "of one stream go there, as with netcat. SIGINT and SIGTERM finish all streams.",
	.options = option_table,
	.usage_status = STATUS_USAGE,
	.run = run,
};
