/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Recordings as files: never overwriting by accident, whole blocks when the disk is full. */
#ifndef DA_COLLECT_STORE_H
#define DA_COLLECT_STORE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <limits.h>

#include "base/err.h"
#include "base/types.h"

/** A file being written. */
struct da_store {
	int fd; /**< -1: closed, or writing failed */
	uint64_t bytes; /**< written so far */
	char path[PATH_MAX];
};

/** What to do about an existing file. */
enum da_store_existing {
	DA_STORE_REFUSE, /**< fail */
	DA_STORE_REPLACE, /**< put a new file in its place (it is not written into) */
	DA_STORE_RENAME, /**< choose another name: path-1, path-2 …, before a last ".dalloc" */
};

/**
 * Create the file @path, mode 0600. Symbolic links are never followed; directories, FIFOs, sockets
 * and block devices are refused; a character device such as /dev/null is written to.
 * st->path is the name it got.
 */
bool da_store_open(struct da_store *st, const char *path, enum da_store_existing existing,
		   struct da_err *err);

/** Write to the open descriptor @fd, taken over; @name is for messages. */
void da_store_attach(struct da_store *st, int fd, const char *name);

/**
 * Write one unit (the header, a block). When it fails (disk full, I/O error) the file is cut back
 * to the units before and closed; st->fd is -1 then.
 */
bool da_store_write(struct da_store *st, const void *bytes, size_t n, struct da_err *err);

/** Close and, when @remove, delete the file (unless it is a device). */
void da_store_discard(struct da_store *st, bool remove);

/** Close. @return false when the file system reports an error only now. */
bool da_store_close(struct da_store *st, struct da_err *err);

#endif
