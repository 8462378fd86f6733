/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/dwarf_names.h"

#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif
#include <string.h>

/* Where the search has come to. */
struct step {
	Dwarf_Debug dbg;
	Dwarf_Off offset;
};

void da_dwarf_names_init(struct da_dwarf_names *n, struct Dwarf_Debug_s *dbg,
			 struct Dwarf_Debug_s *alt)
{
	*n = (struct da_dwarf_names){.dbg = dbg, .alt = alt};
	da_map_init(&n->map, sizeof(struct da_dwarf_name));
}

void da_dwarf_names_deinit(struct da_dwarf_names *n)
{
	da_map_deinit(&n->map);
	da_arena_deinit(&n->arena);
}

static bool check(Dwarf_Debug dbg, int result, Dwarf_Error error)
{
	if (result == DW_DLV_ERROR)
		dwarf_dealloc(dbg, error, DW_DLA_ERROR);
	return result == DW_DLV_OK;
}

static void take_text(struct da_dwarf_names *n, struct step *at, Dwarf_Attribute attr,
		      const char **out)
{
	char *text = NULL;
	Dwarf_Error error = NULL;

	if (!*out && check(at->dbg, dwarf_formstring(attr, &text, &error), error) && text[0])
		*out = da_arena_copy(&n->arena, text, strlen(text));
}

static bool is_alt_form(Dwarf_Half form)
{
	return form == DW_FORM_GNU_ref_alt || form == DW_FORM_ref_sup4 || form == DW_FORM_ref_sup8;
}

/* Where @attr points to; a NULL dbg for a file we do not have. */
static bool take_reference(struct da_dwarf_names *n, struct step *at, Dwarf_Attribute attr,
			   struct step *next)
{
	Dwarf_Half form = 0;
	Dwarf_Error error = NULL;

	if (!check(at->dbg, dwarf_whatform(attr, &form, &error), error) ||
	    !check(at->dbg, dwarf_global_formref(attr, &next->offset, &error), error))
		return false;
	next->dbg = is_alt_form(form) ? n->alt : at->dbg;
	return true;
}

static void take_attribute(struct da_dwarf_names *n, struct step *at, Dwarf_Attribute attr,
			   struct da_dwarf_name *out, struct step *next)
{
	Dwarf_Half number = 0;
	Dwarf_Error error = NULL;

	if (!check(at->dbg, dwarf_whatattr(attr, &number, &error), error))
		return;
	switch (number) {
	case DW_AT_name:
		take_text(n, at, attr, &out->plain);
		break;
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
		take_text(n, at, attr, &out->linkage);
		break;
	case DW_AT_abstract_origin:
	case DW_AT_specification:
		take_reference(n, at, attr, next);
		break;
	default:
		break;
	}
}

/* Look at one DIE. @at becomes the DIE it refers to, with a NULL dbg if there is none. */
static void look_at(struct da_dwarf_names *n, struct step *at, struct da_dwarf_name *out)
{
	Dwarf_Die die = NULL;
	Dwarf_Attribute *attrs = NULL;
	Dwarf_Signed count = 0;
	Dwarf_Error error = NULL;
	struct step here = *at;

	at->dbg = NULL;
	if (!check(here.dbg, dwarf_offdie_b(here.dbg, here.offset, 1, &die, &error), error))
		return;
	if (check(here.dbg, dwarf_attrlist(die, &attrs, &count, &error), error)) {
		for (Dwarf_Signed i = 0; i < count; i++) {
			take_attribute(n, &here, attrs[i], out, at);
			dwarf_dealloc_attribute(attrs[i]);
		}
		dwarf_dealloc(here.dbg, attrs, DW_DLA_LIST);
	}
	dwarf_dealloc_die(die);
}

struct da_dwarf_name da_dwarf_names_get(struct da_dwarf_names *n, uint64_t offset)
{
	bool is_new;
	struct da_dwarf_name found = {NULL, NULL};
	struct step at = {.dbg = n->dbg, .offset = offset};
	struct da_dwarf_name *name = da_map_put(&n->map, offset + 1, &is_new);

	if (!is_new)
		return *name;
	for (int i = 0; i < DA_DWARF_MAX_CHAIN && at.dbg; i++)
		look_at(n, &at, &found);
	*name = found;
	return found;
}
