/* SPDX-License-Identifier: GPL-3.0-or-later */
/** One table per command, from which come parsing, --help, hints and environment defaults. */
#ifndef DA_CMD_OPTIONS_H
#define DA_CMD_OPTIONS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"
#include "cmd/message.h"

/**
 * One option. A table ends with an entry whose @name and @help are both NULL; an entry with only a
 * @help is a heading of the --help text ("Output:").
 *
 * The options of da_common (-h -V -v -q --color) are added to every table by the parser.
 */
struct da_option {
	const char *name; /**< long name, without dashes */
	const char *alias; /**< other long names, comma-separated, or NULL */
	char letter; /**< short name, 0: none */
	const char *arg; /**< what the argument is called, NULL: no argument, "[X]": optional */
	const char *help; /**< what it does; lines separated by newlines, each <= 50 characters */
	/**
	 * Take the option into the command's own @options. @value is NULL without an argument.
	 * @return false with only the reason in @err ("'x' is not a size …"): the parser puts the
	 * option's name before it.
	 */
	bool (*set)(void *options, const char *value, struct da_err *err);
};

/** A command: what main() knows of it. */
struct da_command {
	const char *name; /**< "record" */
	const char *summary; /**< one line for the list of commands */
	const char *usage; /**< after "dumpalloc record": "[options] [--] PROG [ARG…]" */
	const char *notes; /**< more text for --help, below the options, or NULL */
	const struct da_option *options;
	/** Whether every long option also has a default in DUMPALLOC_<NAME>. */
	bool environment;
	/** Whether options end at the first operand, because what follows is another program's. */
	bool program_follows;
	int usage_status; /**< exit status after a wrong option */
	/** argv[0] is the command's name. @return the exit status. */
	int (*run)(const struct da_command *self, int argc, char **argv);
};

/** What the parser found. */
enum da_options_result {
	DA_OPTIONS_RUN, /**< go on; operands start at *first_out */
	DA_OPTIONS_DONE, /**< --help or --version was answered: exit with 0 */
	DA_OPTIONS_BAD, /**< said on stderr: exit with usage_status */
};

/**
 * Parse @argv by @command's table: environment first, then the command line (with program_follows:
 * up to the first operand; else operands are moved to the end of @argv). Calls da_message_init();
 * da_options_common() has the common options. @options goes to the setters, @first_out gets the
 * index of the first operand.
 */
enum da_options_result da_options_parse(const struct da_command *command, int argc, char **argv,
					void *options, int *first_out);

/** The common options, as parsed. */
const struct da_common *da_options_common(void);

/**
 * Find @value in @names (ended by NULL), for options such as --color=auto|always|never.
 * @return false with "'x' is none of auto, always, never" in @err.
 */
bool da_options_choose(const char *value, const char *const *names, int *index_out,
		       struct da_err *err);

/** Write the --help text of @command to standard output. */
void da_options_print_help(const struct da_command *command);

#endif
