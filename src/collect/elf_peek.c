/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/elf_peek.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

#define MAX_PHDRS 128
#define MAX_SHDRS 4096
#define MAX_DYN 1024
/* A symbol table larger than this is searched up to here. */
#define MAX_TABLE (128u << 20)
#define WINDOW 16384
#define MAX_HITS 128

#ifndef EM_RISCV
#define EM_RISCV 243
#endif

struct file {
	int fd;
	bool is64, swap_big;
	struct da_elf_peek *out;
	uint64_t phoff, shoff;
	uint32_t phnum, shnum, phentsize, shentsize;
};

/* A program or section header, the fields we need. */
struct header {
	uint32_t type, link;
	uint64_t offset, vaddr, size, filesz;
};

/* A table of symbols with its strings, as file ranges. */
struct symbols {
	uint64_t offset, size, str_offset, str_size;
};

static uint16_t get16(const struct file *f, const uint8_t *p)
{
	return f->swap_big ? da_load_be16(p) : da_load_le16(p);
}

static uint32_t get32(const struct file *f, const uint8_t *p)
{
	return f->swap_big ? da_load_be32(p) : da_load_le32(p);
}

static uint64_t get64(const struct file *f, const uint8_t *p)
{
	return f->swap_big ? da_load_be64(p) : da_load_le64(p);
}

/* A word of the file's class. */
static uint64_t get_word(const struct file *f, const uint8_t *p)
{
	return f->is64 ? get64(f, p) : get32(f, p);
}

/* Up to @size bytes at @offset; @return how many. */
static size_t read_at(const struct file *f, uint64_t offset, void *buf, size_t size)
{
	ssize_t n = offset > INT64_MAX / 2 ? -1 : pread(f->fd, buf, size, (off_t)offset);

	return n < 0 ? 0 : (size_t)n;
}

static bool parse_header(struct file *f, const uint8_t *h, size_t len)
{
	struct da_elf_peek *out = f->out;

	memset(out, 0, sizeof *out);
	if (len < 52 || memcmp(h, ELFMAG, SELFMAG) || h[EI_CLASS] < 1 || h[EI_CLASS] > 2)
		return false;
	f->is64 = h[EI_CLASS] == ELFCLASS64;
	f->swap_big = h[EI_DATA] == ELFDATA2MSB;
	if (f->is64 && len < 64)
		return false;
	out->is_elf = true;
	out->word_bits = f->is64 ? 64 : 32;
	out->big_endian = f->swap_big;
	out->machine = get16(f, h + 18);
	f->phoff = get_word(f, h + (f->is64 ? 32 : 28));
	f->shoff = get_word(f, h + (f->is64 ? 40 : 32));
	h += f->is64 ? 48 : 36; /* e_flags and what follows are alike in both classes */
	out->flags = get32(f, h);
	f->phentsize = get16(f, h + 6);
	f->phnum = get16(f, h + 8);
	f->shentsize = get16(f, h + 10);
	f->shnum = get16(f, h + 12);
	if (f->phnum > MAX_PHDRS)
		f->phnum = MAX_PHDRS;
	if (f->shnum > MAX_SHDRS)
		f->shnum = MAX_SHDRS;
	return true;
}

void da_elf_peek_header(const void *bytes, size_t len, struct da_elf_peek *out)
{
	struct file f = { .out = out };

	parse_header(&f, bytes, len);
}

static bool read_phdr(const struct file *f, uint32_t i, struct header *h)
{
	uint8_t b[56];
	size_t need = f->is64 ? 56 : 32;

	if (i >= f->phnum || f->phentsize < need ||
	    read_at(f, f->phoff + (uint64_t)i * f->phentsize, b, need) != need)
		return false;
	h->type = get32(f, b);
	h->offset = get_word(f, b + (f->is64 ? 8 : 4));
	h->vaddr = get_word(f, b + (f->is64 ? 16 : 8));
	h->filesz = h->size = get_word(f, b + (f->is64 ? 32 : 16));
	return true;
}

static bool read_shdr(const struct file *f, uint32_t i, struct header *h)
{
	uint8_t b[64];
	size_t need = f->is64 ? 64 : 40;

	if (i >= f->shnum || f->shentsize < need ||
	    read_at(f, f->shoff + (uint64_t)i * f->shentsize, b, need) != need)
		return false;
	h->type = get32(f, b + 4);
	h->offset = get_word(f, b + (f->is64 ? 24 : 16));
	h->size = get_word(f, b + (f->is64 ? 32 : 20));
	h->link = get32(f, b + (f->is64 ? 40 : 24));
	return true;
}

/* The file offset of a virtual address, 0 when no segment has it. */
static uint64_t offset_of(const struct file *f, uint64_t vaddr)
{
	struct header h;

	for (uint32_t i = 0; i < f->phnum && read_phdr(f, i, &h); i++) {
		if (h.type == PT_LOAD && vaddr >= h.vaddr && vaddr - h.vaddr < h.filesz)
			return h.offset + (vaddr - h.vaddr);
	}
	return 0;
}

/* ---- names of sanitizers */

static const struct {
	const char *library; /* part of a DT_NEEDED name */
	const char *symbol; /* defined by a runtime linked statically */
	const char *name;
} sanitizers[] = {
	{ "asan", "__asan_init", "AddressSanitizer" },
	{ "tsan", "__tsan_init", "ThreadSanitizer" },
	{ "msan", "__msan_init", "MemorySanitizer" },
	{ "lsan", "__lsan_init", "LeakSanitizer" },
	{ "hwasan", "__hwasan_init", "HWAddressSanitizer" },
};
#define N_SANITIZERS (sizeof sanitizers / sizeof sanitizers[0])

static void note_needed(struct da_elf_peek *out, const char *name)
{
	const char *hit;

	for (size_t i = 0; i < N_SANITIZERS; i++) {
		hit = strstr(name, sanitizers[i].library);
		/* libasan.so.8 or libclang_rt.asan-x86_64.so */
		if (hit && hit - name >= 3 && (!strncmp(hit - 3, "lib", 3) || hit[-1] == '.'))
			strcpy(out->sanitizer, sanitizers[i].name);
	}
}

/* ---- symbols */

/* Names looked for; bit i of `found` is the i-th. */
static const char *const wanted[] = {
	"malloc",      "free",        "__asan_init",   "__tsan_init",
	"__msan_init", "__lsan_init", "__hwasan_init",
};
#define N_WANTED (sizeof wanted / sizeof wanted[0])
#define LONGEST 16

struct hit {
	uint32_t offset; /* in the string table */
	uint32_t which;
};

/*
 * Where the wanted names stand in a string table. A name may be the tail of another (the linker
 * merges them), so every occurrence that ends with NUL counts.
 */
static size_t find_names(const struct file *f, const struct symbols *s, struct hit *hits)
{
	char buf[WINDOW + LONGEST];
	uint64_t size = s->str_size < MAX_TABLE ? s->str_size : MAX_TABLE;
	size_t n_hits = 0;

	for (uint64_t at = 0; at < size; at += WINDOW) {
		size_t len = read_at(f, s->str_offset + at, buf, sizeof buf);
		size_t window = len < WINDOW ? len : WINDOW;

		if (len > size - at)
			len = (size_t)(size - at);
		for (size_t w = 0; w < N_WANTED; w++) {
			size_t need = strlen(wanted[w]) + 1;
			const char *p = buf;

			while ((p = memmem(p, (size_t)(buf + len - p), wanted[w], need)) &&
			       p < buf + window && n_hits < MAX_HITS) {
				hits[n_hits++] = (struct hit){ (uint32_t)(at + (size_t)(p - buf)),
							       (uint32_t)w };
				p++;
			}
		}
		if (len < WINDOW)
			break;
	}
	return n_hits;
}

static unsigned match_symbol(const struct file *f, const uint8_t *sym, const struct hit *hits,
			     size_t n_hits)
{
	uint32_t name = get32(f, sym);
	uint8_t info = sym[f->is64 ? 4 : 12];
	uint16_t section = get16(f, sym + (f->is64 ? 6 : 14));
	unsigned type = info & 0xf;

	if (section == SHN_UNDEF || (type != STT_FUNC && type != STT_GNU_IFUNC))
		return 0;
	for (size_t i = 0; i < n_hits; i++) {
		if (hits[i].offset == name)
			return 1u << hits[i].which;
	}
	return 0;
}

static void scan_symbols(struct file *f, const struct symbols *s)
{
	struct hit hits[MAX_HITS];
	size_t n_hits = find_names(f, s, hits), entry = f->is64 ? 24 : 16;
	uint64_t size = s->size < MAX_TABLE ? s->size : MAX_TABLE;
	uint8_t buf[WINDOW / 48 * 48];
	unsigned found = 0;

	for (uint64_t at = 0; n_hits && at < size; at += sizeof buf) {
		size_t len = read_at(f, s->offset + at, buf, sizeof buf);

		if (len > size - at)
			len = (size_t)(size - at);
		for (size_t i = 0; i + entry <= len; i += entry)
			found |= match_symbol(f, buf + i, hits, n_hits);
		if (len < sizeof buf)
			break;
	}
	if ((found & 3) == 3)
		f->out->own_malloc = true;
	for (size_t i = 0; i < N_SANITIZERS; i++) {
		if (found & (4u << i))
			strcpy(f->out->sanitizer, sanitizers[i].name);
	}
}

/* Both symbol tables by their sections. @return false when there are no section headers. */
static bool scan_sections(struct file *f)
{
	struct header h, str;
	bool any = false;

	for (uint32_t i = 0; i < f->shnum && read_shdr(f, i, &h); i++) {
		if ((h.type != SHT_SYMTAB && h.type != SHT_DYNSYM) || !read_shdr(f, h.link, &str))
			continue;
		any = true;
		scan_symbols(f, &(struct symbols){ h.offset, h.size, str.offset, str.size });
	}
	return any;
}

/* ---- the dynamic section */

struct dynamic {
	uint64_t strtab, strsz, symtab, soname;
	uint64_t needed[64];
	uint32_t n_needed;
};

static void add_dynamic(struct dynamic *d, uint64_t tag, uint64_t value)
{
	switch (tag) {
	case DT_STRTAB: d->strtab = value; break;
	case DT_STRSZ: d->strsz = value; break;
	case DT_SYMTAB: d->symtab = value; break;
	case DT_SONAME: d->soname = value; break;
	case DT_NEEDED:
		if (d->n_needed < sizeof d->needed / sizeof d->needed[0])
			d->needed[d->n_needed++] = value;
		break;
	default: break;
	}
}

static void read_name(const struct file *f, uint64_t offset, char *buf, size_t size)
{
	size_t n = offset ? read_at(f, offset, buf, size - 1) : 0;

	buf[n] = '\0';
}

static void peek_dynamic(struct file *f, const struct header *h)
{
	size_t word = f->is64 ? 8 : 4;
	struct dynamic d = { .strtab = 0 };
	uint64_t strings;
	char name[128];
	uint8_t b[16];

	for (uint64_t i = 0; i < MAX_DYN && (i + 1) * 2 * word <= h->filesz; i++) {
		if (read_at(f, h->offset + i * 2 * word, b, 2 * word) != 2 * word ||
		    !get_word(f, b))
			break;
		add_dynamic(&d, get_word(f, b), get_word(f, b + word));
	}
	strings = offset_of(f, d.strtab);
	if (!strings)
		return;
	for (uint32_t i = 0; i < d.n_needed; i++) {
		read_name(f, strings + d.needed[i], name, sizeof name);
		note_needed(f->out, name);
	}
	if (d.soname) {
		read_name(f, strings + d.soname, name, sizeof name);
		f->out->is_loader = !strncmp(name, "ld", 2);
	}
	/* Without section headers: linkers put .dynstr right after .dynsym. */
	if (!scan_sections(f) && d.strtab > d.symtab)
		scan_symbols(f, &(struct symbols){ offset_of(f, d.symtab), d.strtab - d.symtab,
						   strings, d.strsz });
}

static void peek_note(struct file *f, const struct header *h)
{
	uint8_t b[16];

	if (read_at(f, h->offset, b, sizeof b) == sizeof b && get32(f, b) == 4 &&
	    !memcmp(b + 12, "Go\0", 4))
		f->out->is_go = true;
}

void da_elf_peek(int fd, struct da_elf_peek *out)
{
	struct file f = { .fd = fd, .out = out };
	struct header h;
	uint8_t b[64];
	bool dynamic = false;

	if (!parse_header(&f, b, read_at(&f, 0, b, sizeof b)))
		return;
	for (uint32_t i = 0; i < f.phnum && read_phdr(&f, i, &h); i++) {
		switch (h.type) {
		case PT_INTERP:
			out->has_interp = true;
			read_name(&f, h.offset, out->interp, sizeof out->interp);
			break;
		case PT_DYNAMIC:
			dynamic = true;
			peek_dynamic(&f, &h);
			break;
		case PT_NOTE: peek_note(&f, &h); break;
		default: break;
		}
	}
	if (!dynamic)
		scan_sections(&f);
}

bool da_elf_peek_same_abi(const struct da_elf_peek *a, const struct da_elf_peek *b)
{
	uint32_t mask = 0;

	switch (a->machine) {
	case EM_MIPS:
		/* EF_MIPS_ABI2 (n32), EF_MIPS_NAN2008, EF_MIPS_ABI */
		mask = 0x20 | 0x400 | 0xf000;
		break;
	case EM_ARM:
		mask = 0xff000000 | 0x400; /* EABI version, hard float */
		break;
	case EM_RISCV:
		mask = 0x6 | 0x8; /* float ABI, RVE */
		break;
	default: break;
	}
	return a->is_elf && b->is_elf && a->word_bits == b->word_bits &&
	       a->big_endian == b->big_endian && a->machine == b->machine &&
	       (a->flags & mask) == (b->flags & mask);
}
