/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Functions that only pass an allocation on: the site of an allocation is the frame outside them. */
#ifndef DA_REPORT_WRAPPERS_H
#define DA_REPORT_WRAPPERS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/**
 * Whether the function called @name (demangled or not) is a wrapper of malloc that many callers share:
 * operator new, strdup, xmalloc, g_malloc, std::allocator, Rust's alloc … and their parts.
 */
bool da_wrappers_has(const char *name);

#endif
