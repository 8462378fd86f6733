/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Whether a separate debug file belongs to a module. Runs in a worker. */
#ifndef DA_SYMBOLS_SEPARATE_H
#define DA_SYMBOLS_SEPARATE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

struct da_elf;

/** What .gnu_debuglink says. */
struct da_separate_link {
	/** A file name without directories. */
	const char *name;
	/** CRC-32 (that of base/crc32.h) of the whole file. */
	uint32_t crc;
};

/** Whether two build-ids are the same. */
bool da_separate_same_id(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/** Read the link of @e. False if there is none, or if it names a path instead of a file. */
bool da_separate_read_link(struct da_elf *e, struct da_separate_link *out);

/**
 * Why the file behind @fd, opened as @e, is not the debug file wanted: a text that goes on after
 * its name (": its checksum is not that in .gnu_debuglink"). NULL if it is: it has debug data or a
 * symbol table, the CRC of @link if that is given, and if both have a build-id, the one wanted
 * (@id).
 */
const char *da_separate_refuse(int fd, struct da_elf *e, const struct da_separate_link *link,
			       const uint8_t *id, size_t id_len);

#endif
