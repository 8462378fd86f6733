/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Memory files: the pool and the shim, as descriptors that the target inherits. */
#ifndef DA_COLLECT_SHARED_H
#define DA_COLLECT_SHARED_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"
#include "codec/pool.h"

/** The pool as the recorder sees it. */
struct da_shared {
	struct da_pool *pool; /**< mapped shared, laid out by da_pool_init() */
	size_t bytes; /**< of the mapping; smaller than asked for when memory was short */
	int fd; /**< close-on-exec; -1 once closed */
};

/**
 * Make a pool of @bytes (DA_POOL_MIN_BYTES … DA_POOL_MAX_BYTES): a sealed memfd, else an unlinked
 * file of mode 0600 in /dev/shm or $TMPDIR. All of it is allocated, so that a full file system
 * cannot kill the target later; when @bytes do not fit, halves are tried down to the minimum. It is
 * left out of core dumps.
 */
bool da_shared_open(struct da_shared *s, size_t bytes, struct da_err *err);

/** Unmap and close. */
void da_shared_close(struct da_shared *s);

/** The shim as a file that LD_PRELOAD can name. */
struct da_shim_file {
	int fd; /**< memfd, close-on-exec; -1: @path is used */
	char path[4096]; /**< a file in a private directory, empty: @fd is used */
};

/**
 * Write the shim (@bytes of @size) into a memfd, or, where memfd or /proc are missing, into a file
 * in a new directory of mode 0700 in $TMPDIR, /tmp, /var/tmp or /dev/shm (the first whose path
 * LD_PRELOAD can carry and that allows executable mappings).
 */
bool da_shim_file_open(struct da_shim_file *f, const void *bytes, size_t size, struct da_err *err);

/** Close it, and remove the file and its directory. May be called twice. */
void da_shim_file_close(struct da_shim_file *f);

#endif
