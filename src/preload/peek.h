/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Copies of memory that another thread may unmap at any moment: what belongs to a library that can
 * be unloaded.
 */
#ifndef DA_PRELOAD_PEEK_H
#define DA_PRELOAD_PEEK_H

#include "base/types.h"

/** How to copy. */
enum da_peek {
	/** It cannot go away. */
	DA_PEEK_PLAIN,
	/** Look whether it is there, then copy: a race of less than a microsecond remains. */
	DA_PEEK_PROBE,
	/** The kernel copies; memory that is not there is an answer. */
	DA_PEEK_COPY,
};

/** At the start of the recording. Notes whether the process has a seccomp filter already. */
void da_peek_init(void);

/**
 * How to copy what may go away, from now until the next call: DA_PEEK_COPY, but DA_PEEK_PROBE where
 * the kernel has no process_vm_readv(2) or does not allow it, and in a process that has put on a
 * seccomp filter since its start, which may kill for it.
 */
enum da_peek da_peek_way(void);

/** Copy @n bytes from @from. @return false when they are not all there. */
bool da_peek(enum da_peek way, void *out, uintptr_t from, size_t n);

/**
 * Copy a text and its NUL; one that does not fit is cut.
 * @return its length, at most @size - 1; -1 when it is not there.
 */
long da_peek_text(enum da_peek way, char *out, uintptr_t from, size_t size);

#endif
