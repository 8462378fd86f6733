/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/report.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/message.h"
#include "cmd/report_options.h"
#include "cmd/report_read.h"
#include "cmd/report_write.h"
#include "report/output.h"

#define STATUS_FAILED 1
#define STATUS_DAMAGED 2
/* Wider text is harder to read than wrapped text. */
#define MAX_COLUMNS 160

static void die(int sig)
{
	da_output_unlink_pending();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* No half-written file stays behind. */
static void clean_up_on_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction action = { .sa_handler = die }, old;

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static void fit_terminal(struct da_text_options *text)
{
	struct winsize size;

	text->color = da_message_has_color(STDOUT_FILENO);
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_col > DA_LAYOUT_COLUMNS)
		text->columns = size.ws_col < MAX_COLUMNS ? size.ws_col : MAX_COLUMNS;
}

static int report_one(const char *path, const struct da_report_options *o)
{
	bool show_progress = isatty(STDERR_FILENO) && !da_options_common()->quiet;
	struct da_report_recording rec;
	struct da_err err;
	bool good;

	if (!da_report_read(&rec, path, show_progress, &err)) {
		da_message_error("%s", err.text);
		return STATUS_FAILED;
	}
	if (rec.was_interrupted)
		da_message_note("interrupted: reporting on what has been read");
	if (rec.is_damaged)
		da_message_error("%s: %s; the report covers what was readable, up to byte %" PRIu64,
				 da_source_name(rec.source), rec.damage, rec.damaged_byte);
	good = da_report_write(&rec, o, &err);
	if (!good)
		da_message_error("%s", err.text);
	da_report_close(&rec);
	return !good ? STATUS_FAILED : rec.is_damaged ? STATUS_DAMAGED : 0;
}

/* The worse of two statuses: failed, damaged, fine. */
static int worse(int a, int b)
{
	if (a == STATUS_FAILED || b == STATUS_FAILED)
		return STATUS_FAILED;
	return a > b ? a : b;
}

static int report_all(char **paths, size_t n, struct da_report_options *o)
{
	struct da_err err;
	int status = 0;

	if (!da_report_options_finish(o, n, &err)) {
		da_message_error("%s", err.text);
		return STATUS_FAILED;
	}
	if (n == 0 && isatty(STDIN_FILENO)) {
		da_message_error("no recording given; see 'dumpalloc report --help'");
		return STATUS_FAILED;
	}
	fit_terminal(&o->text);
	clean_up_on_signals();
	if (n == 0)
		return report_one("-", o);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			printf("\n");
		status = worse(status, report_one(paths[i], o));
	}
	return status;
}

/*
 * Options may also follow recordings: what the parser leaves is parsed again from there. Recordings
 * gather at the beginning of @argv + 1. @return how many, or -1 when *result_out is not RUN.
 */
static int parse(const struct da_command *self, int argc, char **argv, struct da_report_options *o,
		 enum da_options_result *result_out)
{
	int n = 0, at = 0, first;

	for (;;) {
		*result_out = da_options_parse(self, argc - at, argv + at, o, &first);
		if (*result_out != DA_OPTIONS_RUN)
			return -1;
		at += first;
		if (at >= argc)
			return n;
		if (strcmp(argv[at - 1], "--") == 0 && first > 1) {
			while (at < argc)
				argv[++n] = argv[at++];
			return n;
		}
		argv[++n] = argv[at]; /* n < at: what is overwritten has been parsed */
	}
}

static int run(const struct da_command *self, int argc, char **argv)
{
	enum da_options_result result;
	struct da_report_options o;
	int n, status;

	da_report_options_init(&o);
	n = parse(self, argc, argv, &o, &result);
	if (n < 0)
		status = result == DA_OPTIONS_DONE ? 0 : self->usage_status;
	else
		status = report_all(argv + 1, (size_t)n, &o);
	da_report_options_deinit(&o);
	return status;
}

const struct da_command da_command_report = {
	.name = "report",
	.summary = "Say what a recording holds",
	.usage = "[options] [FILE…]",
	.notes = "FILE is a recording, also gzip'ed or zstd'ed; none or -: standard input.\n"
		 "Exit status: 0 fine, 1 usage or I/O, 2 the recording is damaged and the report\n"
		 "covers what was readable.",
	.options = da_report_option_table,
	.usage_status = STATUS_FAILED,
	.run = run,
};
