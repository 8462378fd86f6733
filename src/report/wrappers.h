/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Functions that say nothing about a program: those that only pass an allocation on (the site of an
 * allocation is the frame outside them), and those that every stack begins with.
 */
#ifndef DA_REPORT_WRAPPERS_H
#define DA_REPORT_WRAPPERS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/**
 * Whether the function called @name (demangled or not) is a wrapper of malloc that many callers
 * share (operator new, strdup, xmalloc, g_malloc …) or belongs to the standard library of C++ or
 * Rust.
 */
bool da_wrappers_has(const char *name);

/** Whether the source file @path is one of the C++ standard library's headers. */
bool da_wrappers_has_file(const char *path);

/**
 * Whether @name only starts programs or threads: _start, __libc_start_main, start_thread, clone3 …
 */
bool da_wrappers_is_start(const char *name);

#endif
