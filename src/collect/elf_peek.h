/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * A first look at an executable: what decides whether it can be recorded. Reads with bounded
 * pread()s and trusts nothing, needs no libelf, and takes a few KB however large the file.
 * Facts: System V gABI, chapters 4 and 5 (ELF header, program headers, dynamic section, symbols).
 */
#ifndef DA_COLLECT_ELF_PEEK_H
#define DA_COLLECT_ELF_PEEK_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** What was found. */
struct da_elf_peek {
	bool is_elf; /**< the rest means something only then */
	uint8_t word_bits; /**< 32 or 64 */
	bool big_endian;
	uint16_t machine; /**< e_machine */
	uint32_t flags; /**< e_flags */
	bool has_interp; /**< PT_INTERP: a dynamic loader starts it */
	bool is_loader; /**< it is the dynamic loader itself (DT_SONAME ld*) */
	bool is_go; /**< has Go's build-id note */
	bool own_malloc; /**< defines malloc and free */
	char sanitizer[32]; /**< "AddressSanitizer" …, empty: none */
	char interp[256]; /**< the loader's path */
};

/** Look at the open file @fd. A damaged file gives what could be read. */
void da_elf_peek(int fd, struct da_elf_peek *out);

/** Look at the first @len bytes of a file in memory: only the ELF header's fields. */
void da_elf_peek_header(const void *bytes, size_t len, struct da_elf_peek *out);

/**
 * Whether code built for @a can be loaded into a process of @b: class, byte order, machine, and
 * those of e_flags that make an ABI (MIPS o32/n32/n64 and NaN encoding, ARM float ABI, RISC-V float
 * ABI).
 */
bool da_elf_peek_same_abi(const struct da_elf_peek *a, const struct da_elf_peek *b);

#endif
