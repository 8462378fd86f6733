/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * ELF files of any class, byte order and machine. Runs in a worker: the bytes are hostile. What is
 * lent lives until da_elf_close().
 */
#ifndef DA_SYMBOLS_ELF_H
#define DA_SYMBOLS_ELF_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** Bytes that one compressed section, and all of one file together, may become. */
#define DA_ELF_MAX_INFLATED_SECTION (256ULL << 20)
#define DA_ELF_MAX_INFLATED_FILE (1ULL << 30)

/** Longest build-id believed, in bytes; GNU ld writes up to 20. */
#define DA_ELF_MAX_BUILD_ID 64

struct da_elf;

/** A section header. */
struct da_elf_section {
	/** "" if the file has no readable name. ".zdebug_x" is given as ".debug_x". */
	const char *name;
	uint32_t type;
	uint64_t flags;
	uint64_t addr;
	/** Bytes after decompression. */
	uint64_t size;
	uint32_t link;
	uint32_t info;
	uint64_t entsize;
};

/** A function symbol. */
struct da_elf_symbol {
	const char *name;
	/** First byte of code: bit 0 of ARM Thumb and MIPS16/microMIPS symbols is cleared. */
	uint64_t value;
	/** 0 if the file does not say. */
	uint64_t size;
	/** Whether it is said to be a function, and not just a label in code. */
	bool is_function;
	/** STB_LOCAL, STB_GLOBAL, STB_WEAK … */
	uint8_t bind;
};

/**
 * Read the headers behind @fd, which must stay open. @return false with @err: not ELF, or broken.
 */
bool da_elf_open(int fd, struct da_elf **out, struct da_err *err);

/** Free; NULL is fine. The descriptor stays open. */
void da_elf_close(struct da_elf *e);

/** Whether addresses are 64 bits wide; whether the bytes are big-endian; EM_ number. */
bool da_elf_is_64(const struct da_elf *e);
bool da_elf_is_big_endian(const struct da_elf *e);
uint16_t da_elf_machine(const struct da_elf *e);

/** The GNU build-id, NULL and 0 if there is none. */
const uint8_t *da_elf_build_id(const struct da_elf *e, size_t *len_out);

/** .gnu_debuglink: file name and CRC-32 of the separate debug file. False if there is none. */
bool da_elf_debuglink(struct da_elf *e, const char **name_out, uint32_t *crc_out);

/** .gnu_debugaltlink: path and build-id of the file shared by several debug files (dwz). */
bool da_elf_altlink(struct da_elf *e, const char **path_out, const uint8_t **id_out,
		    size_t *id_len_out);

/** Number of sections, index 0 (which is no section) included. */
size_t da_elf_section_count(const struct da_elf *e);

/** Header of section @index. False if there is none such. */
bool da_elf_get_section(const struct da_elf *e, size_t index, struct da_elf_section *out);

/** Index of the first section called @name with contents in this file; 0 if there is none. */
size_t da_elf_find_section(const struct da_elf *e, const char *name);

/** Contents of section @index, inflated within the limits above. False with @err. */
bool da_elf_read_section(struct da_elf *e, size_t index, const uint8_t **data_out,
			 size_t *size_out, struct da_err *err);

/** Whether @vaddr lies in an executable section (segment, if there are no sections). */
bool da_elf_is_code(const struct da_elf *e, uint64_t vaddr);

/** One past the last byte of the code range that @vaddr is in; @vaddr if it is in none. */
uint64_t da_elf_code_end(const struct da_elf *e, uint64_t vaddr);

/** Number of symbols in section @index of type SHT_SYMTAB or SHT_DYNSYM. */
size_t da_elf_symbol_count(struct da_elf *e, size_t index);

/** Symbol @i of section @index. False unless it names code that is in this file. */
bool da_elf_get_symbol(struct da_elf *e, size_t index, size_t i, struct da_elf_symbol *out);

#endif
