/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one command's options with their aliases and the common ones. */
#define MAX_OPTIONS 128
/* Values that getopt_long returns for long options: FIRST_LONG + index. */
#define FIRST_LONG 256
#define HELP_COLUMN 29

static struct da_common common;

static bool set_help(void *options, const char *value, struct da_err *err)
{
	(void)options, (void)value, (void)err;
	return true;
}

static bool set_verbose(void *options, const char *value, struct da_err *err)
{
	(void)options, (void)value, (void)err;
	common.verbose = true;
	return true;
}

static bool set_quiet(void *options, const char *value, struct da_err *err)
{
	(void)options, (void)value, (void)err;
	common.quiet = true;
	return true;
}

static bool set_color(void *options, const char *value, struct da_err *err)
{
	static const char *const names[] = { "auto", "always", "never", NULL };
	int i;

	(void)options;
	if (!da_options_choose(value, names, &i, err))
		return false;
	common.color = (enum da_color)i;
	return true;
}

static bool set_version(void *options, const char *value, struct da_err *err)
{
	(void)options, (void)value, (void)err;
	return true;
}

static const struct da_option common_options[] = {
	{ .help = "Common:" },
	{ "verbose", NULL, 'v', NULL, "say more on standard error", set_verbose },
	{ "quiet", NULL, 'q', NULL, "say nothing but errors", set_quiet },
	{ "color", NULL, 0, "WHEN", "colour: auto (default), always, never", set_color },
	{ "help", NULL, 'h', NULL, "print this text and exit", set_help },
	{ "version", NULL, 'V', NULL, "print the version and exit", set_version },
	{ NULL, NULL, 0, NULL, NULL, NULL },
};

/* The tables for getopt_long, and back from its values to our options. */
struct tables {
	const struct da_option *all[MAX_OPTIONS];
	size_t n_all;
	struct option longs[MAX_OPTIONS];
	size_t n_longs;
	char names[2048]; /* copies of the aliases */
	size_t n_names;
	char shorts[3 * MAX_OPTIONS + 4];
	size_t n_shorts;
};

static int arg_kind(const struct da_option *o)
{
	if (!o->arg)
		return no_argument;
	return o->arg[0] == '[' ? optional_argument : required_argument;
}

static void add_long(struct tables *t, const char *name, size_t len, size_t index)
{
	if (t->n_longs + 1 >= MAX_OPTIONS || t->n_names + len + 1 > sizeof t->names)
		abort(); /* our own table is too large for these arrays */
	memcpy(t->names + t->n_names, name, len);
	t->names[t->n_names + len] = '\0';
	t->longs[t->n_longs++] = (struct option){ t->names + t->n_names, arg_kind(t->all[index]),
						  NULL, FIRST_LONG + (int)index };
	t->n_names += len + 1;
}

static void add_option(struct tables *t, const struct da_option *o)
{
	size_t index = t->n_all;

	if (index >= MAX_OPTIONS)
		abort();
	t->all[t->n_all++] = o;
	add_long(t, o->name, strlen(o->name), index);
	for (const char *a = o->alias; a && *a; a += strspn(a, ",")) {
		size_t len = strcspn(a, ",");

		add_long(t, a, len, index);
		a += len;
	}
	if (!o->letter)
		return;
	t->shorts[t->n_shorts++] = o->letter;
	for (int kind = arg_kind(o); kind > 0; kind--)
		t->shorts[t->n_shorts++] = ':';
}

static void fill_tables(struct tables *t, const struct da_option *options, bool program_follows)
{
	memset(t, 0, sizeof *t);
	/* '+': options end at the first operand; ':': tell a missing argument from a wrong name. */
	if (program_follows)
		t->shorts[t->n_shorts++] = '+';
	t->shorts[t->n_shorts++] = ':';
	for (const struct da_option *o = options; o->name || o->help; o++) {
		if (o->name)
			add_option(t, o);
	}
	for (const struct da_option *o = common_options; o->name || o->help; o++) {
		if (o->name)
			add_option(t, o);
	}
}

static const struct da_option *find_letter(const struct tables *t, int letter)
{
	for (size_t i = 0; i < t->n_all; i++) {
		if (t->all[i]->letter == letter)
			return t->all[i];
	}
	return NULL;
}

static const struct da_option *find_value(const struct tables *t, int value)
{
	if (value >= FIRST_LONG)
		return t->all[value - FIRST_LONG];
	return value > 0 ? find_letter(t, value) : NULL;
}

/* Edit distance of two short names (insert, delete, replace), 99 when one is long. */
static unsigned distance(const char *a, size_t na, const char *b)
{
	unsigned char row[33];
	size_t nb = strlen(b);

	if (na > 32 || nb > 32)
		return 99;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned char)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned char)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[j - 1] + 1u < best)
				best = row[j - 1] + 1u;
			row[j] = (unsigned char)best;
		}
	}
	return row[nb];
}

static void complain_name(const struct da_command *c, const struct tables *t, const char *given)
{
	size_t len = strcspn(given + 2, "="), matches = 0;
	const char *near = NULL;
	unsigned best = 4;

	for (size_t i = 0; i < t->n_longs; i++) {
		unsigned d = distance(given + 2, len, t->longs[i].name);

		matches += !strncmp(t->longs[i].name, given + 2, len);
		if (d < best) {
			best = d;
			near = t->longs[i].name;
		}
	}
	if (matches > 1)
		da_message_error("option '--%.*s' could be several; see 'dumpalloc %s --help'",
				 (int)len, given + 2, c->name);
	else if (near)
		da_message_error("unknown option '--%.*s': did you mean '--%s'?", (int)len,
				 given + 2, near);
	else
		da_message_error("unknown option '--%.*s'; 'dumpalloc %s --help' lists them",
				 (int)len, given + 2, c->name);
}

static void complain(const struct da_command *c, const struct tables *t, int got, char **argv)
{
	const struct da_option *o = find_value(t, optopt);

	if (got == ':' && o)
		da_message_error("option '--%s' needs an argument: %s", o->name, o->arg);
	else if (o)
		da_message_error("option '--%s' takes no argument", o->name);
	else if (optopt)
		da_message_error("unknown option '-%c'; 'dumpalloc %s --help' lists them", optopt,
				 c->name);
	else
		complain_name(c, t, argv[optind - 1]);
}

static bool apply(const struct da_option *o, const char *value, void *options, const char *origin)
{
	struct da_err err;

	if (o->set(options, value, &err))
		return true;
	da_message_error("%s%s: %s", origin ? origin : "--", origin ? "" : o->name, err.text);
	return false;
}

/* Defaults from DUMPALLOC_<NAME>; for an option without argument, "" and "0" mean no. */
static bool apply_environment(const struct tables *t, void *options)
{
	for (size_t i = 0; i < t->n_all; i++) {
		const struct da_option *o = t->all[i];
		char name[64] = "DUMPALLOC_";
		size_t n = strlen(name);
		const char *value;

		if (o->set == set_help || o->set == set_version)
			continue;
		for (const char *p = o->name; *p && n + 1 < sizeof name; p++)
			name[n++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
		name[n] = '\0';
		value = getenv(name);
		if (!value || (!o->arg && (!*value || !strcmp(value, "0"))))
			continue;
		if (!apply(o, o->arg ? value : NULL, options, name))
			return false;
	}
	return true;
}

static void print_version(void)
{
	printf("dumpalloc %s\n", PACKAGE_VERSION);
}

enum da_options_result da_options_parse(const struct da_command *command, int argc, char **argv,
					void *options, int *first_out)
{
	static char name[64];
	struct tables t;
	int got;

	snprintf(name, sizeof name, "dumpalloc %s", command->name);
	da_message_init(name, &common);
	fill_tables(&t, command->options, command->program_follows);
	if (command->environment && !apply_environment(&t, options))
		return DA_OPTIONS_BAD;
	opterr = 0;
	optind = 1;
	while ((got = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		const struct da_option *o = got == '?' || got == ':' ? NULL : find_value(&t, got);

		if (!o) {
			complain(command, &t, got, argv);
			return DA_OPTIONS_BAD;
		}
		if (o->set == set_help) {
			da_options_print_help(command);
			return DA_OPTIONS_DONE;
		}
		if (o->set == set_version) {
			print_version();
			return DA_OPTIONS_DONE;
		}
		if (!apply(o, optarg, options, NULL))
			return DA_OPTIONS_BAD;
	}
	da_message_init(name, &common);
	*first_out = optind;
	return DA_OPTIONS_RUN;
}

const struct da_common *da_options_common(void)
{
	return &common;
}

bool da_options_choose(const char *value, const char *const *names, int *index_out,
		       struct da_err *err)
{
	char list[256] = "";
	size_t n = 0;

	for (int i = 0; names[i]; i++) {
		if (!strcmp(value, names[i])) {
			*index_out = i;
			return true;
		}
		n += (size_t)snprintf(list + n, n < sizeof list ? sizeof list - n : 0, "%s%s",
				      i ? ", " : "", names[i]);
		if (n >= sizeof list)
			n = sizeof list - 1;
	}
	return da_err_set(err, "'%s' is none of %s", value, list);
}

static void print_option(const struct da_option *o)
{
	char left[128];
	size_t n;
	const char *line = o->help, *end;

	n = (size_t)snprintf(left, sizeof left, "  %c%c%s --%s", o->letter ? '-' : ' ',
			     o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name);
	if (o->arg && o->arg[0] == '[')
		n += (size_t)snprintf(left + n, sizeof left - n, "[=%s", o->arg + 1);
	else if (o->arg)
		n += (size_t)snprintf(left + n, sizeof left - n, "=%s", o->arg);
	fputs(left, stdout);
	if (n + 2 > HELP_COLUMN) {
		putchar('\n');
		n = 0;
	}
	for (;; line = end + 1, n = 0) {
		end = strchr(line, '\n');
		printf("%*s%.*s\n", (int)(HELP_COLUMN - n), "",
		       (int)(end ? (size_t)(end - line) : strlen(line)), line);
		if (!end)
			break;
	}
}

static void print_table(const struct da_option *options)
{
	for (const struct da_option *o = options; o->name || o->help; o++) {
		if (o->name)
			print_option(o);
		else
			printf("\n%s\n", o->help);
	}
}

void da_options_print_help(const struct da_command *command)
{
	printf("Usage: dumpalloc %s %s\n%s.\n", command->name, command->usage, command->summary);
	if (command->options[0].name)
		printf("\nOptions:\n");
	print_table(command->options);
	print_table(common_options);
	if (command->notes)
		printf("\n%s\n", command->notes);
}
