/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Everything the tool says on standard error goes through here; no layer below cmd prints. */
#ifndef DA_CMD_MESSAGE_H
#define DA_CMD_MESSAGE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** When to colour. */
enum da_color {
	DA_COLOR_AUTO = 0, /**< when the stream is a terminal and NO_COLOR is not set */
	DA_COLOR_ALWAYS,
	DA_COLOR_NEVER,
};

/** The options that every command has. */
struct da_common {
	bool verbose;
	bool quiet;
	enum da_color color;
};

/**
 * Set the name that begins each message ("dumpalloc record") and how much is said.
 * @name is kept, not copied.
 */
void da_message_init(const char *name, const struct da_common *common);

/** Whether output to @fd is to be coloured. */
bool da_message_has_color(int fd);

/** "NAME: text" on stderr, in one write; always. Formatted as by printf, without newline. */
void da_message_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** As da_message_error(), unless --quiet. */
void da_message_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** As da_message_error(), only with --verbose. */
void da_message_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
