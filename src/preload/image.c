/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/image.h"

#include "base/bytes.h"

#define PAGE ((uintptr_t)4096)
/* A dynamic section has about 30 entries. */
#define MOST_DYNAMIC 1024u

/*
 * The build-id in a note segment, if it is there (gABI ch. 5, "Note Section"; name GNU, type 3).
 * @return whether it was.
 */
static bool read_notes(enum da_peek way, const ElfW(Phdr) * p, struct da_image *out)
{
	uintptr_t at = out->bias + p->p_vaddr, end = at + p->p_filesz;
	struct {
		ElfW(Nhdr) h;
		char name[4];
	} n;

	while (end - at >= sizeof n && end > at && da_peek(way, &n, at, sizeof n)) {
		uint64_t name = ((uint64_t)n.h.n_namesz + 3) & ~3ull;
		uint64_t desc = ((uint64_t)n.h.n_descsz + 3) & ~3ull;

		at += sizeof n.h;
		if (name + desc > end - at)
			return false;
		if (n.h.n_type == 3 && n.h.n_namesz == 4 && da_bytes_equal(n.name, "GNU", 4) &&
		    n.h.n_descsz <= sizeof out->build_id &&
		    da_peek(way, out->build_id, at + name, n.h.n_descsz)) {
			out->build_id_at = at + (uintptr_t)name;
			out->build_id_len = n.h.n_descsz;
			return true;
		}
		at += name + desc;
	}
	return false;
}

static void find_build_id(enum da_peek way, struct da_image *out)
{
	for (unsigned i = 0; i < out->n_phdrs; i++)
		if (out->phdrs[i].p_type == PT_NOTE && read_notes(way, &out->phdrs[i], out))
			return;
}

static bool read_ehdr(enum da_peek way, uintptr_t header, struct da_image *out)
{
	if (!da_peek(way, &out->ehdr, header, sizeof out->ehdr) ||
	    !da_bytes_equal(out->ehdr.e_ident, ELFMAG, SELFMAG) ||
	    out->ehdr.e_phentsize != sizeof(ElfW(Phdr)))
		return false;
	out->header = header;
	return true;
}

static bool read_headers(enum da_peek way, uintptr_t header, struct da_image *out)
{
	if (!read_ehdr(way, header, out))
		return false;
	out->n_phdrs = out->ehdr.e_phnum;
	if (out->n_phdrs > DA_IMAGE_MAX_PHDRS)
		out->n_phdrs = DA_IMAGE_MAX_PHDRS;
	return da_peek(way, out->phdrs, header + out->ehdr.e_phoff,
		       out->n_phdrs * sizeof *out->phdrs);
}

/* Whether the ELF header at @header is @m's: it says where @m's dynamic section is. */
static bool is_header_of(enum da_peek way, const struct link_map *m, uintptr_t header,
			 struct da_image *out)
{
	if (!read_headers(way, header, out))
		return false;
	for (unsigned i = 0; i < out->n_phdrs; i++)
		if (out->phdrs[i].p_type == PT_DYNAMIC &&
		    m->l_addr + out->phdrs[i].p_vaddr == (uintptr_t)m->l_ld)
			return true;
	return false;
}

/* The lowest of the tables for symbol look-up; 0 when they cannot be read. */
static uintptr_t lowest_table(enum da_peek way, const struct link_map *m)
{
	uintptr_t lowest = UINTPTR_MAX;

	for (unsigned i = 0; i < MOST_DYNAMIC; i++) {
		ElfW(Dyn) d;

		if (!da_peek(way, &d, (uintptr_t)(m->l_ld + i), sizeof d))
			return 0;
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_SYMTAB || d.d_tag == DT_STRTAB || d.d_tag == DT_HASH ||
		    d.d_tag == DT_GNU_HASH) {
			uintptr_t at = da_linkmap_address(m, d.d_un.d_ptr);

			lowest = at < lowest ? at : lowest;
		}
	}
	return lowest == UINTPTR_MAX ? 0 : lowest;
}

/*
 * The ELF header lies where the load bias points, but for an object that lies where it was linked
 * to, whose bias is 0. Then: at the start of the segment that holds the tables for symbol look-up,
 * so on the page of the lowest of them or a few below.
 */
static bool find_header(enum da_peek way, const struct link_map *m, struct da_image *out)
{
	const unsigned pages = 64;
	uintptr_t p;

	if (m->l_addr && is_header_of(way == DA_PEEK_COPY ? way : DA_PEEK_PROBE, m, m->l_addr, out))
		return true;
	p = lowest_table(way, m) & ~(PAGE - 1);
	if (way == DA_PEEK_PLAIN)
		way = DA_PEEK_PROBE; /* below the segment there may be nothing */
	for (unsigned i = 0; p && i < pages; i++, p -= PAGE)
		if (is_header_of(way, m, p, out))
			return true;
	return false;
}

bool da_image_read(enum da_peek way, const struct link_map *m, struct da_image *out)
{
	da_zero(out, sizeof *out);
	out->bias = m->l_addr;
	if (!m->l_ld || !find_header(way, m, out))
		return false;
	find_build_id(way, out);
	return true;
}

bool da_image_read_at(uintptr_t header, struct da_image *out)
{
	da_zero(out, sizeof *out);
	if (!read_headers(DA_PEEK_PLAIN, header, out))
		return false;
	out->bias = header;
	for (unsigned i = 0; i < out->n_phdrs; i++)
		if (out->phdrs[i].p_type == PT_LOAD)
			out->bias = header - out->phdrs[i].p_vaddr;
	find_build_id(DA_PEEK_PLAIN, out);
	return true;
}

bool da_image_read_executable(const struct da_linkmap *l, struct da_image *out)
{
	da_zero(out, sizeof *out);
	if (!l->auxv.phdr)
		return false;
	out->bias = l->debug->r_map->l_addr;
	out->n_phdrs =
		l->auxv.phnum < DA_IMAGE_MAX_PHDRS ? (unsigned)l->auxv.phnum : DA_IMAGE_MAX_PHDRS;
	da_copy(out->phdrs, (const void *)l->auxv.phdr, out->n_phdrs * sizeof *out->phdrs);
	for (unsigned i = 0; i < out->n_phdrs && !out->header; i++)
		if (out->phdrs[i].p_type == PT_LOAD && !out->phdrs[i].p_offset)
			read_ehdr(DA_PEEK_PROBE, out->bias + out->phdrs[i].p_vaddr, out);
	find_build_id(DA_PEEK_PLAIN, out);
	return true;
}
