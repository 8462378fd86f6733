/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/listen.h"

static int run(const struct da_command *self, int argc, char **argv)
{
	int first;

	if (da_options_parse(self, argc, argv, NULL, &first) == DA_OPTIONS_DONE)
		return 0;
	da_message_error("not there yet");
	return self->usage_status;
}

static const struct da_option options[] = {
	{NULL, NULL, 0, NULL, NULL, NULL},
};

const struct da_command da_command_listen = {
	.name = "listen",
	.summary = "-",
	.usage = "[options]",
	.options = options,
	.usage_status = 125,
	.run = run,
};
