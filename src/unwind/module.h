/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The modules (executable, shared objects) of the traced process, as unwinding sees them. */
#ifndef DA_UNWIND_MODULE_H
#define DA_UNWIND_MODULE_H

#include "base/types.h"

/** Most modules kept per process. */
#define DA_MODULE_MAX 4096

/** One mapped ELF object. All addresses are run-time addresses in this process. */
struct da_module {
	/** Dense id on the wire; ids are never reused. */
	uint32_t id;
	/** Run-time address minus ELF p_vaddr. */
	uintptr_t bias;
	/** Lowest address of the first and end of the last PT_LOAD: no other module overlaps it. */
	uintptr_t lo, hi;
	/** The executable, non-writable segment: [text_lo, text_lo + p_filesz). Bytes beyond
	 * p_filesz may be mapped past the end of the file and fault when read. */
	uintptr_t text_lo, text_hi;
	/** The PT_LOAD that holds .eh_frame_hdr and .eh_frame (ARM: .ARM.exidx and .ARM.extab), by
	 * file size; 0 if there is none. */
	uintptr_t eh_lo, eh_hi;
	/** PT_GNU_EH_FRAME, on ARM PT_ARM_EXIDX; 0 where there is none. */
	uintptr_t eh_frame_hdr;
	size_t eh_frame_hdr_size;
	/** Entry point of the executable, and of the dynamic linker, which runs constructors from
	 * there; else 0. */
	uintptr_t entry;
	/** e_flags of its ELF header; 0 where that is not mapped. */
	uint32_t elf_flags;
	/**
	 * Address of a word of it that tells it from others, and its value; 0 for a module that is
	 * never unloaded. See da_module_is_there().
	 */
	uintptr_t witness;
	uint32_t witness_value;
};

/**
 * All modules of the process, sorted by lo, in place. Written by one thread at a time under a
 * sequence count; readers copy what they need and re-check (see da_module_find()).
 */
struct da_module_table {
	/** Odd while the table is being changed. */
	uint32_t sequence;
	/** Grows when a module has gone or moved; rules and stacks of older ones are void. */
	uint32_t generation;
	uint32_t n;
	struct da_module *modules; /**< @n of them, capacity owned by the table's owner */
};

/** p_type of the segment that eh_frame_hdr is for on this CPU. */
uint32_t da_module_tables_type(void);

/**
 * Find the module that holds @pc in [lo, hi) and copy it to @out.
 * @return false when there is none, or the table was being changed meanwhile.
 * Cost: a binary search; runs anywhere, also inside malloc.
 */
bool da_module_find(const struct da_module_table *t, uintptr_t pc, struct da_module *out);

/**
 * Whether the module is still mapped where the table has it: libraries also go in ways that the
 * table's owner does not hear of. A system call (futex(2), which reads the witness without a fault)
 * for one that can be unloaded, so only for a pc whose rule is not in the cache.
 */
bool da_module_is_there(const struct da_module *m);

#endif
