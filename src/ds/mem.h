/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Memory for the tool's own process. This is the one place where running out of memory is decided
 * on: a message on standard error and exit status 1. No function here returns NULL.
 */
#ifndef DA_DS_MEM_H
#define DA_DS_MEM_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** @size bytes, not initialised; 0 is taken as 1. Free with free(). */
void *da_xmalloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/** @n objects of @size bytes, zero-filled. Free with free(). */
void *da_xcalloc(size_t n, size_t size)
	__attribute__((malloc, returns_nonnull, warn_unused_result));

/** @p (NULL or from this module) made @n × @size bytes large; what is added is not initialised. */
void *da_xrealloc(void *p, size_t n, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

/** A copy of the text @s. Free with free(). */
char *da_xstrdup(const char *s) __attribute__((malloc, returns_nonnull, warn_unused_result));

/** A NUL-terminated copy of exactly @n bytes at @s, which may hold anything. Free with free(). */
char *da_xstrndup(const char *s, size_t n)
	__attribute__((malloc, returns_nonnull, warn_unused_result));

#endif
