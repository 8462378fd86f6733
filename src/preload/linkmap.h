/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The dynamic linker's list of loaded objects, read without calling it: no lock, no allocation.
 * Source: System V gABI ch. 5 (dynamic section, hash table), glibc's <link.h> (struct r_debug), the
 * GNU hash section, MIPS ABI supplement (DT_MIPS_RLD_MAP).
 */
#ifndef DA_PRELOAD_LINKMAP_H
#define DA_PRELOAD_LINKMAP_H

#include <elf.h>
#include <link.h>

#include "base/types.h"

/** What the kernel told the process at its start; absent values are 0. */
struct da_auxv {
	uintptr_t phdr, phnum, entry, page_size, vdso, execfn, base;
};

/** Where the list is. Storage is the caller's. */
struct da_linkmap {
	struct da_auxv auxv;
	const struct r_debug *debug;
	const struct link_map *self; /**< the shim's own entry */
	/** The last entry at the start: those up to it are never unloaded. */
	const struct link_map *last;
};

/**
 * Find the list. @environment is the process's environment array or NULL; it is used when /proc is
 * not mounted.
 * @return false when there is none (yet).
 */
bool da_linkmap_init(struct da_linkmap *l, char *const *environment);

/** Address of the function or object @name in the objects after the shim, in search order; NULL. */
void *da_linkmap_find_next(const struct da_linkmap *l, const char *name);

/** Address of the function or object @name in all objects, in search order; NULL. */
void *da_linkmap_find(const struct da_linkmap *l, const char *name);

/** Whether the list is not being changed at this moment. */
static inline bool da_linkmap_is_consistent(const struct da_linkmap *l)
{
	return __atomic_load_n((const int *)&l->debug->r_state, __ATOMIC_ACQUIRE) == RT_CONSISTENT;
}

/**
 * The run-time address that the value @v of @m's dynamic section stands for: glibc has relocated it
 * on most CPUs, musl on none.
 */
uintptr_t da_linkmap_address(const struct link_map *m, uintptr_t v);

#endif
