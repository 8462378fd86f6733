/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The process's environment, read and cleaned in place before the program sees it. */
#ifndef DA_PRELOAD_ENVIRONMENT_H
#define DA_PRELOAD_ENVIRONMENT_H

#include "base/types.h"
#include "preload/linkmap.h"

/**
 * The environment's array of "NAME=value" texts, ended by NULL: the libc's if it is set yet, else
 * the one the kernel left on the stack (glibc's dynamic linker knows where). NULL when neither is
 * known. @l may be uninitialised: then only the libc is asked.
 */
char **da_environment_find(const struct da_linkmap *l);

/** Value of @name, or NULL. Stays valid after da_environment_clean(). */
const char *da_environment_get(char *const *environment, const char *name);

/**
 * Remove all variables that begin with "DUMPALLOC_", and the entry @self from LD_PRELOAD (the
 * whole variable when nothing else is in it), so that neither the program nor its children see
 * them.
 */
void da_environment_clean(char **environment, const char *self);

#endif
