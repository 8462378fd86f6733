/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a loaded object says of itself in memory: its ELF and program headers, its build-id. */
#ifndef DA_PRELOAD_IMAGE_H
#define DA_PRELOAD_IMAGE_H

#include <elf.h>
#include <link.h>

#include "base/types.h"
#include "codec/format.h"
#include "preload/linkmap.h"
#include "preload/peek.h"

/** Program headers beyond these are not looked at (objects have about ten). */
#define DA_IMAGE_MAX_PHDRS 40u

/** A copy of them: large, not for the stack. */
struct da_image {
	/** Run-time address minus p_vaddr. */
	uintptr_t bias;
	/** Run-time address of the ELF header; 0 where it is not mapped: then @ehdr is zero. */
	uintptr_t header;
	ElfW(Ehdr) ehdr;
	unsigned n_phdrs;
	ElfW(Phdr) phdrs[DA_IMAGE_MAX_PHDRS];
	uintptr_t build_id_at; /**< its run-time address */
	uint32_t build_id_len; /**< 0: it has none */
	uint8_t build_id[DA_STREAM_MAX_BUILD_ID];
};

/** The executable, from what the kernel told. @return false when that was nothing. */
bool da_image_read_executable(const struct da_linkmap *l, struct da_image *out);

/**
 * The object of the list entry @m (a copy).
 * @return false when its ELF header cannot be found, or it is gone.
 */
bool da_image_read(enum da_peek way, const struct link_map *m, struct da_image *out);

/** The object whose ELF header is at @header, which cannot go away: the vdso. */
bool da_image_read_at(uintptr_t header, struct da_image *out);

#endif
