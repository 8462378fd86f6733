/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *name;
	struct da_common common;
} state = { .name = "dumpalloc" };

void da_message_init(const char *name, const struct da_common *common)
{
	state.name = name;
	state.common = *common;
}

bool da_message_has_color(int fd)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */

	if (state.common.color != DA_COLOR_AUTO)
		return state.common.color == DA_COLOR_ALWAYS;
	return isatty(fd) && !(no_color && *no_color);
}

/* One write, so that lines of the recorder and of the program beside it do not mix. */
static void say(const char *fmt, va_list ap)
{
	bool color = da_message_has_color(STDERR_FILENO);
	char line[4096];
	int saved = errno;
	size_t n;

	n = (size_t)snprintf(line, 256, "%s%s:%s ", color ? "\033[1m" : "", state.name,
			     color ? "\033[0m" : "");
	vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	n = strlen(line);
	line[n++] = '\n';
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		;
	errno = saved;
}

void da_message_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void da_message_note(const char *fmt, ...)
{
	va_list ap;

	if (state.common.quiet)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void da_message_detail(const char *fmt, ...)
{
	va_list ap;

	if (!state.common.verbose)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}
