/* SPDX-License-Identifier: GPL-3.0-or-later */
/** C++, Rust (legacy and v0) and D names as people write them. Runs in a worker. */
#ifndef DA_SYMBOLS_DEMANGLE_H
#define DA_SYMBOLS_DEMANGLE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "symbols/symbols.h"

/** Longest name looked at and longest result given, in bytes; longer ones stay as they are. */
#define DA_DEMANGLE_MAX_INPUT 4096
#define DA_DEMANGLE_MAX_OUTPUT 65536

/**
 * Demangle @name. A symbol version ("@GLIBC_2.14", "@@…") is dropped with every @how, a suffix of
 * the compiler (".part.0") is kept as c++filt shows it, a Rust hash is dropped.
 * @return a text to free(); never NULL: what cannot be demangled is copied.
 */
char *da_demangle(const char *name, enum da_symbols_demangle how);

#endif
