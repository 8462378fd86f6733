/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/separate.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32.h"
#include "symbols/elf.h"

bool da_separate_same_id(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && a_len > 0 && memcmp(a, b, a_len) == 0;
}

bool da_separate_read_link(struct da_elf *e, struct da_separate_link *out)
{
	*out = (struct da_separate_link){NULL, 0};
	return da_elf_debuglink(e, &out->name, &out->crc) && !strchr(out->name, '/') &&
	       strcmp(out->name, ".") != 0 && strcmp(out->name, "..") != 0;
}

static bool read_crc(int fd, uint32_t *crc_out)
{
	uint8_t buffer[65536];
	off_t at = 0;
	uint32_t crc = 0;

	for (;;) {
		ssize_t n = pread(fd, buffer, sizeof(buffer), at);
		if (n < 0)
			return false;
		if (n == 0)
			break;
		crc = da_crc32(crc, buffer, (size_t)n);
		at += n;
	}
	*crc_out = crc;
	return true;
}

static bool has_contents(const struct da_elf *e)
{
	return da_elf_find_section(e, ".debug_info") || da_elf_find_section(e, ".symtab");
}

const char *da_separate_refuse(int fd, struct da_elf *e, const struct da_separate_link *link,
			       const uint8_t *id, size_t id_len)
{
	size_t len;
	uint32_t crc;
	const uint8_t *own = da_elf_build_id(e, &len);

	if (!has_contents(e))
		return ": it has no debug data";
	if (len && id_len && !da_separate_same_id(own, len, id, id_len))
		return ": its build-id is another";
	if (!link)
		return len && id_len ? NULL : ": it has no build-id";
	if (!link->name || !read_crc(fd, &crc) || crc != link->crc)
		return ": its checksum is not that in .gnu_debuglink";
	return NULL;
}
