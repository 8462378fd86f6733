/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Names of C++ and Rust functions short enough for a line of text. */
#ifndef DA_REPORT_BRIEF_H
#define DA_REPORT_BRIEF_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/**
 * Write demangled @name without return type, parameters, template arguments and qualifiers:
 * "void ns::vec<int>::add<char>(char) const" becomes "ns::vec::add". What is part of a name stays:
 * "operator()", "operator new[]", "(anonymous namespace)", "<T as Trait>::f", "{closure#0}". A name
 * that is neither stays as it is.
 *
 * @out: @size > 0 bytes, NUL-terminated; cut between characters when too small.
 * @return @out
 */
char *da_brief(char *out, size_t size, const char *name);

#endif
