/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * The bytes of a recording from a file, a pipe or a socket, whether stored as they are or
 * compressed by gzip or zstd. Reads ahead by no more than a buffer; memory is bounded whatever
 * the input says.
 */
#ifndef DA_COLLECT_SOURCE_H
#define DA_COLLECT_SOURCE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** Largest zstd window accepted around a whole recording: that of `zstd -19`. */
#define DA_SOURCE_WINDOW_LOG_MAX 23

enum da_source_kind {
	DA_SOURCE_RAW,
	DA_SOURCE_GZIP,
	DA_SOURCE_ZSTD,
};

struct da_source;

/**
 * Open @path, or standard input when it is NULL or "-".
 * Waits for the first bytes, which tell the kind. Errors: not there, not readable, a directory,
 * empty.
 */
bool da_source_open(const char *path, struct da_source **out, struct da_err *err);

/** Read from @fd, which stays the caller's; @name is for messages. Errors: not readable, empty. */
bool da_source_open_fd(int fd, const char *name, struct da_source **out, struct da_err *err);

/** Close and free. NULL is fine. */
void da_source_close(struct da_source *s);

/**
 * Fill @buf with the next @len bytes, waiting for them as long as it takes.
 * @return how many there were: fewer than @len only at the end, see da_source_why().
 */
size_t da_source_read(struct da_source *s, void *buf, size_t len);

/** After a short read: NULL when the input ended as it should, else why it could not go on (a text
 * that lives as long as @s). */
const char *da_source_why(const struct da_source *s);

/** The path, or "standard input"; for messages. */
const char *da_source_name(const struct da_source *s);

enum da_source_kind da_source_kind(const struct da_source *s);

/** Bytes taken from the file so far and, when it is a regular file, its size (else 0): progress. */
void da_source_progress(const struct da_source *s, uint64_t *taken_out, uint64_t *size_out);

#endif
