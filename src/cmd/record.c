/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/quantity.h"
#include "cmd/record_options.h"
#include "cmd/record_run.h"
#include "cmd/record_session.h"
#include "collect/embedded.h"

static void describe_loss(const uint64_t *lost, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < DA_LOST_COUNT; i++) {
		if (lost[i] && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s: %llu", n ? ", " : " (",
					      da_lost_name(i), (unsigned long long)lost[i]);
	}
	if (n && n + 1 < size)
		strcpy(buf + n, ")");
}

/* The first stream's outputs, and how many others there are. */
static void summarize_outputs(const struct da_record_session *s)
{
	const struct da_stream *first = s->drain.streams[0];
	const struct da_record_options *o = s->options;
	const char *path = first->writer.out.store.path;
	bool to_stdout = o->output && !strcmp(o->output, "-");
	char size[DA_QUANTITY_TEXT];
	unsigned others = 0;

	for (uint32_t i = 1; i < s->drain.n_streams; i++)
		others += s->drain.streams[i] && s->drain.streams[i]->writer.seq;
	if (others)
		da_message_note("%u children of fork have recordings of their own", others);
	if (s->shared.pool->forks)
		da_message_note("%u children of fork were not recorded (-f records them)",
				s->shared.pool->forks);
	if (o->server)
		da_message_note("sent to %s", o->server);
	if (!*path)
		return;
	da_message_note("%s in %s%s", da_quantity_format_size(size, first->writer.out.store.bytes),
			path, to_stdout ? "" : "; see it with:");
	if (!to_stdout)
		da_message_note("  dumpalloc report %s", path);
}

static void summarize(const struct da_record_session *s)
{
	uint64_t seen, recorded, lost[DA_LOST_COUNT];
	char time[DA_QUANTITY_TEXT], why[256];

	da_drain_count(&s->drain, &seen, &recorded, lost);
	describe_loss(lost, why, sizeof why);
	da_message_note("%llu events in %s, %llu lost%s", (unsigned long long)recorded,
			da_quantity_format_time(time, s->drain.now_ns),
			(unsigned long long)(seen - recorded), why);
	summarize_outputs(s);
}

static int record(struct da_record_session *s)
{
	struct da_err err;
	bool started = false;
	int status = DA_RECORD_FAILED;

	if (da_record_session_init(s, &err))
		status = da_record_run(s, &started);
	else
		da_message_error("%s", err.text);
	if (started)
		summarize(s);
	if (s->shared.pool)
		da_record_session_deinit(s);
	return status;
}

/* The program cannot be recorded: its run is not ours to prevent, unless asked. */
static int run_unrecorded(struct da_record_session *s, const char *program, const char *why)
{
	int status;

	if (s->options->strict) {
		da_message_error("cannot record %s: %s", program, why);
		return DA_RECORD_FAILED;
	}
	da_message_error("%s runs, but nothing of it is recorded: %s", program, why);
	status = da_record_run_plain(s);
	da_message_note("nothing was recorded");
	return status;
}

static int start(struct da_record_session *s)
{
	struct da_elf_peek shim;
	struct da_err why = {.text = ""};
	const char *program = s->argv[0];

	da_elf_peek_header(da_embedded_shim, da_embedded_shim_size, &shim);
	da_check_program(program, &shim, &s->check, &why);
	switch (s->check.kind) {
	case DA_CHECK_FINE:
		return record(s);
	case DA_CHECK_NOT_FOUND:
		da_message_error("cannot find %s: %s", program, why.text);
		return DA_RECORD_NOT_FOUND;
	case DA_CHECK_NOT_EXECUTABLE:
		da_message_error("cannot run %s: %s", program, why.text);
		return DA_RECORD_CANNOT_EXECUTE;
	case DA_CHECK_SANITIZER:
		da_message_error("cannot record %s: %s", program, why.text);
		return DA_RECORD_FAILED;
	default:
		return run_unrecorded(s, program, why.text);
	}
}

static int run(const struct da_command *self, int argc, char **argv)
{
	struct da_record_options options;
	static struct da_record_session session;
	struct da_err err;
	int first;

	da_record_options_init(&options);
	switch (da_options_parse(self, argc, argv, &options, &first)) {
	case DA_OPTIONS_DONE: return 0;
	case DA_OPTIONS_BAD: return DA_RECORD_FAILED;
	default: break;
	}
	if (first >= argc) {
		da_message_error("no program given; for example: dumpalloc record ./myprogram");
		return DA_RECORD_FAILED;
	}
	if (!da_record_options_check(&options, &err)) {
		da_message_error("%s", err.text);
		return DA_RECORD_FAILED;
	}
	session.options = &options;
	session.argv = argv + first;
	return start(&session);
}

const struct da_command da_command_record = {
	.name = "record",
	.summary = "Start a program and record what its heap does",
	.usage = "[options] [--] PROG [ARG…]",
	.notes = "Sizes take k, M, G. Each long option also has a default in the environment,\n"
		 "such as DUMPALLOC_ON_FULL=drop. The exit status is the program's own, 128+signal\n"
		 "when a signal ended it; 125: dumpalloc failed, 126: cannot execute, 127: not found.",
	.options = da_record_option_table,
	.environment = true,
	.usage_status = DA_RECORD_FAILED,
	.run = run,
};
