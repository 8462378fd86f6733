/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/record.h"

#include <elf.h>
#include <string.h>

#include "cmd/record_options.h"
#include "cmd/record_run.h"
#include "cmd/record_session.h"
#include "cmd/record_summary.h"
#include "collect/embedded.h"
#include "ds/mem.h"
#include "unwind/unwind.h"

/* What was asked for, and this machine has not. */
static void warn_of_unwind(const struct da_record_session *s)
{
	if (s->options->unwind == DA_UNWIND_SCAN && s->check.elf.is_elf &&
	    s->check.elf.machine != EM_MIPS)
		da_message_note("instructions are scanned on MIPS only: with --unwind=scan (or "
				"DUMPALLOC_WALK_STACK) stacks end at their first frame here");
}

static int record(struct da_record_session *s)
{
	struct da_err err;
	bool started = false;
	int status = DA_RECORD_FAILED;

	warn_of_unwind(s);
	if (da_record_session_init(s, &err))
		status = da_record_run(s, &started);
	else
		da_message_error("%s", err.text);
	if (started)
		da_record_summarize(s);
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

/* The arguments with da_check.prefix in the place of argv[0]. */
static char **replace_argv0(struct da_record_session *s)
{
	struct da_check *c = &s->check;
	size_t n = 0;
	char **argv;

	if (!c->n_prefix)
		return s->argv;
	while (s->argv[n])
		n++;
	argv = da_xcalloc(c->n_prefix + n, sizeof *argv);
	for (unsigned i = 0; i < c->n_prefix; i++)
		argv[i] = c->prefix[i];
	memcpy(argv + c->n_prefix, s->argv + 1, (n - 1) * sizeof *argv);
	return argv;
}

static int start(struct da_record_session *s)
{
	struct da_elf_peek shim;
	struct da_err why = { .text = "" };
	const char *program = s->argv[0];

	da_elf_peek_header(da_embedded_shim, da_embedded_shim_size, &shim);
	da_check_program(program, &shim, &s->check, &why);
	s->exec_argv = replace_argv0(s);
	switch (s->check.kind) {
	case DA_CHECK_FINE:
		if (s->check.starts_env)
			da_message_note(
				"%s starts env, which executes another program; only env is "
				"recorded: record that program itself",
				program);
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
	default: return run_unrecorded(s, program, why.text);
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
		 "such as DUMPALLOC_ON_FULL=drop. The exit status is the program's own, or\n"
		 "128+signal; 125: dumpalloc failed, 126: cannot execute, 127: not found.",
	.options = da_record_option_table,
	.environment = true,
	.program_follows = true,
	.usage_status = DA_RECORD_FAILED,
	.run = run,
};
