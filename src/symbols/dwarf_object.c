/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/dwarf_object.h"

#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "symbols/elf.h"

#if DA_DWARF_FINISH_ARGS == 2
#define OBJECT_FINISH(dbg, error) dwarf_object_finish((dbg), (error))
typedef Dwarf_Obj_Access_Interface access_interface;
typedef Dwarf_Obj_Access_Methods access_methods;
typedef Dwarf_Obj_Access_Section access_section;
typedef Dwarf_Half section_index;
typedef Dwarf_Endianness byte_order;
#define FIELD(name) name
#define METHOD(name) name
#define ACCESS(name) name
#else
#define OBJECT_FINISH(dbg, error) ((void)(error), dwarf_object_finish(dbg))
typedef Dwarf_Obj_Access_Interface_a access_interface;
typedef Dwarf_Obj_Access_Methods_a access_methods;
typedef Dwarf_Obj_Access_Section_a access_section;
typedef Dwarf_Unsigned section_index;
typedef Dwarf_Small byte_order;
#define FIELD(name) as_##name
#define METHOD(name) om_##name
#define ACCESS(name) ai_##name
#endif

struct da_dwarf_object {
	struct da_elf *elf;
	access_interface access;
	Dwarf_Debug dbg;
};

/* Only what DWARF readers want: symbols, relocations and notes stay out of libdwarf's hands. */
static bool is_debug_section(const struct da_elf_section *s)
{
	return strncmp(s->name, ".debug_", 7) == 0 && s->type != SHT_NOBITS;
}

static int get_section_info(void *object, section_index index, access_section *out, int *error)
{
	struct da_dwarf_object *o = object;
	struct da_elf_section section;

	(void)error;
	memset(out, 0, sizeof(*out));
	out->FIELD(name) = "";
	if (index >= da_elf_section_count(o->elf))
		return DW_DLV_NO_ENTRY;
	if (!da_elf_get_section(o->elf, index, &section) || !is_debug_section(&section))
		return DW_DLV_OK;
	out->FIELD(name) = section.name;
	out->FIELD(type) = section.type;
	out->FIELD(size) = section.size;
	return DW_DLV_OK;
}

static byte_order get_byte_order(void *object)
{
	struct da_dwarf_object *o = object;
#if DA_DWARF_FINISH_ARGS == 2
	return da_elf_is_big_endian(o->elf) ? DW_OBJECT_MSB : DW_OBJECT_LSB;
#else
	return da_elf_is_big_endian(o->elf) ? DW_END_big : DW_END_little;
#endif
}

static Dwarf_Small get_pointer_size(void *object)
{
	struct da_dwarf_object *o = object;
	return da_elf_is_64(o->elf) ? 8 : 4;
}

static Dwarf_Unsigned get_section_count(void *object)
{
	struct da_dwarf_object *o = object;
	return da_elf_section_count(o->elf);
}

static int load_section(void *object, section_index index, Dwarf_Small **data_out, int *error)
{
	struct da_dwarf_object *o = object;
	const uint8_t *data;
	size_t size;

	if (!da_elf_read_section(o->elf, index, &data, &size, NULL)) {
		*error = DW_DLE_MDE;
		return DW_DLV_ERROR;
	}
	*data_out = (Dwarf_Small *)data;
	return size ? DW_DLV_OK : DW_DLV_NO_ENTRY;
}

#if DA_DWARF_FINISH_ARGS != 2
/* An upper bound for section sizes; inflated ones are larger than the file. */
static Dwarf_Unsigned get_filesize(void *object)
{
	(void)object;
	return DA_ELF_MAX_INFLATED_FILE * 4;
}
#endif

static const access_methods methods = {
	.METHOD(get_section_info) = get_section_info,
	.METHOD(get_byte_order) = get_byte_order,
	.METHOD(get_length_size) = get_pointer_size,
	.METHOD(get_pointer_size) = get_pointer_size,
	.METHOD(get_section_count) = get_section_count,
	.METHOD(load_section) = load_section,
#if DA_DWARF_FINISH_ARGS != 2
	.METHOD(get_filesize) = get_filesize,
#endif
};

bool da_dwarf_object_open(struct da_elf *e, struct da_dwarf_object **out, struct da_err *err)
{
	struct da_dwarf_object *o = da_xcalloc(1, sizeof(*o));
	Dwarf_Error error = NULL;

	*out = NULL;
	o->elf = e;
	o->access.ACCESS(object) = o;
	o->access.ACCESS(methods) = &methods;
	int r = dwarf_object_init_b(&o->access, NULL, NULL, 0, &o->dbg, &error);
	if (r == DW_DLV_OK) {
		*out = o;
		return true;
	}
	free(o);
	return da_err_set(err, "cannot read the debug data: %s",
			  r == DW_DLV_ERROR ? dwarf_errmsg(error) : "there are none");
}

void da_dwarf_object_close(struct da_dwarf_object *o)
{
	Dwarf_Error error = NULL;

	if (!o)
		return;
	OBJECT_FINISH(o->dbg, &error);
	free(o);
}

struct Dwarf_Debug_s *da_dwarf_object_get(const struct da_dwarf_object *o)
{
	return o->dbg;
}

void da_dwarf_object_tie(struct da_dwarf_object *o, struct da_dwarf_object *alt)
{
	Dwarf_Error error = NULL;

	/* Without the tie names from the other file are missing; nothing else is. */
	if (dwarf_set_tied_dbg(o->dbg, alt->dbg, &error) == DW_DLV_ERROR)
		dwarf_dealloc(o->dbg, error, DW_DLA_ERROR);
}
