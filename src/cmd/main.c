/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cmd/listen.h"
#include "cmd/message.h"
#include "cmd/options.h"
#include "cmd/record.h"
#ifdef HAVE_REPORT
#include "cmd/report.h"
#endif

#define LINK_PREFIX "dumpalloc-"
#define STATUS_USAGE 1

static const struct da_command *const commands[] = {
	&da_command_record,
#ifdef HAVE_REPORT
	&da_command_listen,
	&da_command_report,
#endif
	NULL,
};

static const struct da_command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

static void print_help(void)
{
	printf("Usage: dumpalloc COMMAND [options] …\n"
	       "Watches the heap of a running program and says where its memory goes.\n\n"
	       "Commands:\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n'dumpalloc COMMAND --help' lists a command's options. Start with:\n"
	       "  dumpalloc record ./myprogram\n");
}

/* The command that a link such as dumpalloc-record stands for. */
static const struct da_command *command_of_link(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	const char *name = slash ? slash + 1 : argv0;

	if (strncmp(name, LINK_PREFIX, strlen(LINK_PREFIX)))
		return NULL;
	return find_command(name + strlen(LINK_PREFIX));
}

static int run_without_command(const char *word)
{
	if (word && (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))) {
		print_help();
		return 0;
	}
	if (word && (!strcmp(word, "--version") || !strcmp(word, "-V"))) {
		printf("dumpalloc %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (word)
		da_message_error("unknown command '%s'; 'dumpalloc --help' lists them. To record a "
				 "program: dumpalloc record %s",
				 word, word);
	else
		da_message_error("no command given; 'dumpalloc --help' lists them");
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	const struct da_command *command;

	if (argc < 1)
		return STATUS_USAGE;
	command = command_of_link(argv[0]);
	if (command)
		return command->run(command, argc, argv);
	command = argc > 1 ? find_command(argv[1]) : NULL;
	if (!command)
		return run_without_command(argc > 1 ? argv[1] : NULL);
	return command->run(command, argc - 1, argv + 1);
}
