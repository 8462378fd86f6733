/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/elf.h"

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "ds/mem.h"
#include "ds/vec.h"

#define MAX_NOTE_BYTES (1U << 20)

struct range {
	uint64_t from, to;
};

enum packing {
	PLAIN,
	/* SHF_COMPRESSED. */
	PACKED,
	/* ".zdebug_x", from before that flag. */
	PACKED_GNU,
};

struct section {
	Elf_Scn *scn;
	struct da_elf_section header;
	enum packing packing;
	/* Whether header.name is our own copy. */
	bool owns_name;
	/* Symbol and string tables in host order, once asked for. */
	Elf_Data *table;
};

struct da_elf {
	Elf *elf;
	GElf_Ehdr header;
	struct section *sections;
	size_t n_sections;
	struct range *code;
	size_t n_code, cap_code;
	uint8_t build_id[DA_ELF_MAX_BUILD_ID];
	size_t build_id_len;
	uint64_t inflated;
};

static bool fail(struct da_err *err, const char *what)
{
	const char *why = elf_errmsg(-1);
	return da_err_set(err, "%s: %s", what, why ? why : "unknown reason");
}

/* ---- headers ---- */

/* Size after decompression, so that no caller has to inflate to learn it. */
static uint64_t plain_size(Elf_Scn *scn, enum packing packing, uint64_t size)
{
	GElf_Chdr chdr;
	Elf_Data *data;

	if (packing == PACKED)
		return gelf_getchdr(scn, &chdr) ? chdr.ch_size : 0;
	if (packing == PACKED_GNU) {
		data = elf_rawdata(scn, NULL);
		if (!data || data->d_size < 12 || memcmp(data->d_buf, "ZLIB", 4) != 0)
			return 0;
		return da_load_be64((const uint8_t *)data->d_buf + 4);
	}
	return size;
}

/* ".zdebug_info" as ".debug_info". */
static const char *plain_name(const char *name)
{
	char *copy = da_xstrdup(name + 1);
	copy[0] = '.';
	return copy;
}

static void read_section_header(struct da_elf *e, size_t names, Elf_Scn *scn)
{
	struct section *s = &e->sections[elf_ndxscn(scn)];
	GElf_Shdr shdr;

	if (!gelf_getshdr(scn, &shdr))
		return;
	const char *name = elf_strptr(e->elf, names, shdr.sh_name);
	if (!name)
		name = "";
	s->scn = scn;
	if (shdr.sh_flags & SHF_COMPRESSED)
		s->packing = PACKED;
	else if (strncmp(name, ".zdebug_", 8) == 0 && shdr.sh_type != SHT_NOBITS)
		s->packing = PACKED_GNU;
	s->owns_name = s->packing == PACKED_GNU;
	s->header = (struct da_elf_section){
		.name = s->owns_name ? plain_name(name) : name,
		.type = shdr.sh_type,
		.flags = shdr.sh_flags,
		.addr = shdr.sh_addr,
		.size = plain_size(scn, s->packing, shdr.sh_size),
		.link = shdr.sh_link,
		.info = shdr.sh_info,
		.entsize = shdr.sh_entsize,
	};
}

static bool read_section_headers(struct da_elf *e, struct da_err *err)
{
	size_t names = 0;
	Elf_Scn *scn = NULL;

	if (elf_getshdrnum(e->elf, &e->n_sections) || elf_getshdrstrndx(e->elf, &names))
		return fail(err, "cannot read the section headers");
	e->sections = da_xcalloc(e->n_sections, sizeof(*e->sections));
	for (size_t i = 0; i < e->n_sections; i++)
		e->sections[i].header.name = "";
	while ((scn = elf_nextscn(e->elf, scn)))
		if (elf_ndxscn(scn) < e->n_sections)
			read_section_header(e, names, scn);
	return true;
}

static void add_code(struct da_elf *e, uint64_t from, uint64_t size)
{
	uint64_t to;

	if (!size || __builtin_add_overflow(from, size, &to))
		return;
	e->code = da_vec_reserve(e->code, &e->cap_code, e->n_code + 1, sizeof(*e->code));
	e->code[e->n_code++] = (struct range){from, to};
}

static void find_code(struct da_elf *e)
{
	const uint64_t wanted = SHF_ALLOC | SHF_EXECINSTR;
	size_t n = 0;
	GElf_Phdr phdr;

	for (size_t i = 0; i < e->n_sections; i++) {
		const struct da_elf_section *h = &e->sections[i].header;
		if ((h->flags & wanted) == wanted)
			add_code(e, h->addr, h->size);
	}
	if (e->n_code || elf_getphdrnum(e->elf, &n))
		return;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(e->elf, (int)i, &phdr) && phdr.p_type == PT_LOAD &&
		    (phdr.p_flags & PF_X))
			add_code(e, phdr.p_vaddr, phdr.p_memsz);
}

/* ---- build-id ---- */

static bool take_build_id(struct da_elf *e, Elf_Data *data)
{
	GElf_Nhdr note;
	size_t at = 0, name, desc;

	if (!data || !data->d_buf)
		return false;
	while ((at = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
		const uint8_t *bytes = data->d_buf;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(bytes + name, "GNU", 4) != 0)
			continue;
		if (note.n_descsz == 0 || note.n_descsz > DA_ELF_MAX_BUILD_ID)
			continue;
		e->build_id_len = note.n_descsz;
		memcpy(e->build_id, bytes + desc, note.n_descsz);
		return true;
	}
	return false;
}

/* Sections first: in a debug file the note segment points at bytes that were not kept. */
static void find_build_id(struct da_elf *e)
{
	size_t n = 0;
	GElf_Phdr phdr;

	for (size_t i = 0; i < e->n_sections; i++) {
		struct section *s = &e->sections[i];
		if (s->scn && s->header.type == SHT_NOTE && s->header.size <= MAX_NOTE_BYTES &&
		    take_build_id(e, elf_getdata(s->scn, NULL)))
			return;
	}
	if (elf_getphdrnum(e->elf, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(e->elf, (int)i, &phdr) || phdr.p_type != PT_NOTE ||
		    phdr.p_filesz == 0 || phdr.p_filesz > MAX_NOTE_BYTES)
			continue;
		Elf_Type type = phdr.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
		if (take_build_id(e, elf_getdata_rawchunk(e->elf, (int64_t)phdr.p_offset,
							  phdr.p_filesz, type)))
			return;
	}
}

/* ---- life ---- */

static bool read_headers(struct da_elf *e, struct da_err *err)
{
	if (!e->elf)
		return fail(err, "cannot read it as ELF");
	if (elf_kind(e->elf) != ELF_K_ELF)
		return da_err_set(err, "it is not an ELF file");
	if (!gelf_getehdr(e->elf, &e->header))
		return fail(err, "cannot read the ELF header");
	if (!read_section_headers(e, err))
		return false;
	find_code(e);
	find_build_id(e);
	return true;
}

bool da_elf_open(int fd, struct da_elf **out, struct da_err *err)
{
	struct da_elf *e = da_xcalloc(1, sizeof(*e));

	*out = NULL;
	elf_version(EV_CURRENT);
	/* Read, not mapped: a file cut short by somebody else must not end us with SIGBUS. */
	e->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!read_headers(e, err)) {
		da_elf_close(e);
		return false;
	}
	*out = e;
	return true;
}

void da_elf_close(struct da_elf *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_sections && e->sections; i++)
		if (e->sections[i].owns_name)
			free((char *)e->sections[i].header.name);
	elf_end(e->elf);
	free(e->sections);
	free(e->code);
	free(e);
}

bool da_elf_is_64(const struct da_elf *e)
{
	return e->header.e_ident[EI_CLASS] == ELFCLASS64;
}

bool da_elf_is_big_endian(const struct da_elf *e)
{
	return e->header.e_ident[EI_DATA] == ELFDATA2MSB;
}

uint16_t da_elf_machine(const struct da_elf *e)
{
	return e->header.e_machine;
}

const uint8_t *da_elf_build_id(const struct da_elf *e, size_t *len_out)
{
	*len_out = e->build_id_len;
	return e->build_id_len ? e->build_id : NULL;
}

uint64_t da_elf_code_end(const struct da_elf *e, uint64_t vaddr)
{
	for (size_t i = 0; i < e->n_code; i++)
		if (vaddr >= e->code[i].from && vaddr < e->code[i].to)
			return e->code[i].to;
	return vaddr;
}

bool da_elf_is_code(const struct da_elf *e, uint64_t vaddr)
{
	return da_elf_code_end(e, vaddr) != vaddr;
}

/* ---- sections ---- */

size_t da_elf_section_count(const struct da_elf *e)
{
	return e->n_sections;
}

bool da_elf_get_section(const struct da_elf *e, size_t index, struct da_elf_section *out)
{
	if (index == 0 || index >= e->n_sections || !e->sections[index].scn)
		return false;
	*out = e->sections[index].header;
	return true;
}

size_t da_elf_find_section(const struct da_elf *e, const char *name)
{
	for (size_t i = 1; i < e->n_sections; i++)
		if (e->sections[i].header.type != SHT_NOBITS && e->sections[i].scn &&
		    strcmp(e->sections[i].header.name, name) == 0)
			return i;
	return 0;
}

static bool inflate_section(struct da_elf *e, struct section *s, struct da_err *err)
{
	uint64_t size = s->header.size;

	if (size > DA_ELF_MAX_INFLATED_SECTION || e->inflated + size > DA_ELF_MAX_INFLATED_FILE)
		return da_err_set(err, "compressed section %s claims %llu bytes: too many",
				  s->header.name, (unsigned long long)size);
	int r = s->packing == PACKED ? elf_compress(s->scn, 0, 0) : elf_compress_gnu(s->scn, 0, 0);
	if (r < 0) {
		da_err_set(err, "cannot inflate section %s: %s", s->header.name, elf_errmsg(-1));
		return false;
	}
	e->inflated += size;
	s->packing = PLAIN;
	return true;
}

bool da_elf_read_section(struct da_elf *e, size_t index, const uint8_t **data_out,
			 size_t *size_out, struct da_err *err)
{
	*data_out = NULL;
	*size_out = 0;
	if (index == 0 || index >= e->n_sections || !e->sections[index].scn)
		return da_err_set(err, "there is no section %zu", index);
	struct section *s = &e->sections[index];
	if (s->header.type == SHT_NOBITS)
		return da_err_set(err, "section %s has no contents in this file", s->header.name);
	if (s->packing != PLAIN && !inflate_section(e, s, err))
		return false;
	Elf_Data *data = elf_rawdata(s->scn, NULL);
	if (!data)
		return fail(err, s->header.name);
	*data_out = data->d_buf;
	*size_out = data->d_buf ? data->d_size : 0;
	return true;
}

/* Contents of a section that starts with a NUL-terminated text; its length, or 0. */
static size_t read_text_section(struct da_elf *e, const char *name, const uint8_t **data_out,
				size_t *size_out)
{
	struct da_err ignored;
	size_t index = da_elf_find_section(e, name);

	if (!index || !da_elf_read_section(e, index, data_out, size_out, &ignored))
		return 0;
	size_t len = *size_out ? strnlen((const char *)*data_out, *size_out) : 0;
	return len < *size_out ? len : 0;
}

bool da_elf_debuglink(struct da_elf *e, const char **name_out, uint32_t *crc_out)
{
	const uint8_t *data;
	size_t size, len = read_text_section(e, ".gnu_debuglink", &data, &size);
	size_t at = (len + 4) & ~(size_t)3;

	if (!len || at + 4 > size)
		return false;
	*name_out = (const char *)data;
	*crc_out = da_elf_is_big_endian(e) ? da_load_be32(data + at) : da_load_le32(data + at);
	return true;
}

bool da_elf_altlink(struct da_elf *e, const char **path_out, const uint8_t **id_out,
		    size_t *id_len_out)
{
	const uint8_t *data;
	size_t size, len = read_text_section(e, ".gnu_debugaltlink", &data, &size);

	if (!len || len + 1 >= size || size - len - 1 > DA_ELF_MAX_BUILD_ID)
		return false;
	*path_out = (const char *)data;
	*id_out = data + len + 1;
	*id_len_out = size - len - 1;
	return true;
}

/* ---- symbols ---- */

static Elf_Data *symbol_table(struct da_elf *e, size_t index)
{
	if (index == 0 || index >= e->n_sections || !e->sections[index].scn)
		return NULL;
	struct section *s = &e->sections[index];
	if (s->header.type != SHT_SYMTAB && s->header.type != SHT_DYNSYM)
		return NULL;
	if (!s->table && s->packing == PLAIN)
		s->table = elf_getdata(s->scn, NULL);
	return s->table && s->table->d_buf ? s->table : NULL;
}

size_t da_elf_symbol_count(struct da_elf *e, size_t index)
{
	Elf_Data *data = symbol_table(e, index);
	size_t size = gelf_fsize(e->elf, ELF_T_SYM, 1, EV_CURRENT);

	return data && size ? data->d_size / size : 0;
}

/* $a, $d, $t, $x and $x.suffix mark ARM, Thumb, A64 code and data; they name nothing. */
static bool is_mapping_symbol(uint16_t machine, const char *name)
{
	if (machine != EM_ARM && machine != EM_AARCH64 && machine != EM_RISCV)
		return false;
	return name[0] == '$' && name[1] && strchr("adtx", name[1]) &&
	       (name[2] == '\0' || name[2] == '.' || machine == EM_RISCV);
}

static bool is_code_symbol(const struct da_elf *e, const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
		return false;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		return true;
	return type == STT_NOTYPE && da_elf_is_code(e, sym->st_value);
}

bool da_elf_get_symbol(struct da_elf *e, size_t index, size_t i, struct da_elf_symbol *out)
{
	Elf_Data *data = symbol_table(e, index);
	uint16_t machine = e->header.e_machine;
	GElf_Sym sym;

	if (!data || i > INT32_MAX || !gelf_getsym(data, (int)i, &sym) || !is_code_symbol(e, &sym))
		return false;
	const char *name = elf_strptr(e->elf, e->sections[index].header.link, sym.st_name);
	if (!name || !name[0] || is_mapping_symbol(machine, name))
		return false;
	out->name = name;
	out->value = sym.st_value;
	out->size = sym.st_size;
	out->is_function = GELF_ST_TYPE(sym.st_info) != STT_NOTYPE;
	out->bind = GELF_ST_BIND(sym.st_info);
	if (machine == EM_ARM || machine == EM_MIPS)
		out->value &= ~(uint64_t)1;
	return true;
}
