/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * libdwarf on top of symbols/elf.h: it gets the .debug_ sections through its object access
 * interface and opens, maps and inflates nothing itself.
 *
 * The interface's types are one set up to libdwarf 20210528 and another (names ending in _a, 64-bit
 * section indexes, a file size, section flags) from 0.1.0 on; configure's count of dwarf_finish()
 * arguments, which changed at the same time, tells which. The other differences, all in these
 * files: dwarf_finish() itself is not called (dwarf_object_finish() is), and the list of ranges of
 * DWARF 2-4 is freed by dwarf_ranges_dealloc() before and by dwarf_dealloc_ranges() after.
 *
 * libdwarf's handles are structs: Dwarf_Debug is struct Dwarf_Debug_s *, Dwarf_Die is
 * struct Dwarf_Die_s *; so that no header here includes libdwarf's.
 */
#ifndef DA_SYMBOLS_DWARF_OBJECT_H
#define DA_SYMBOLS_DWARF_OBJECT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

struct Dwarf_Debug_s;
struct da_elf;
struct da_dwarf_object;

/**
 * Open the DWARF data of @e, which must outlive the object.
 * @return false with @err if there are none or libdwarf refuses them.
 */
bool da_dwarf_object_open(struct da_elf *e, struct da_dwarf_object **out, struct da_err *err);

/** Close; NULL is fine. */
void da_dwarf_object_close(struct da_dwarf_object *o);

/** libdwarf's handle, lent. */
struct Dwarf_Debug_s *da_dwarf_object_get(const struct da_dwarf_object *o);

/** Let forms of @o that refer to a supplementary file (dwz) refer to @alt. */
void da_dwarf_object_tie(struct da_dwarf_object *o, struct da_dwarf_object *alt);

#endif
