/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/dwarf_ranges.h"

#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif
#include <stdlib.h>

#include "ds/vec.h"

#if DA_DWARF_FINISH_ARGS == 2
#define FREE_RANGES(dbg, list, n) dwarf_ranges_dealloc((dbg), (list), (n))
#else
#define FREE_RANGES(dbg, list, n) dwarf_dealloc_ranges((dbg), (list), (n))
#endif

static void add(struct da_dwarf_ranges *r, uint64_t from, uint64_t to)
{
	if (from >= to || r->n >= DA_DWARF_MAX_RANGES)
		return;
	r->items = da_vec_reserve(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] = (struct da_dwarf_range){from, to};
}

static void forget(Dwarf_Debug dbg, int result, Dwarf_Error error)
{
	if (result == DW_DLV_ERROR)
		dwarf_dealloc(dbg, error, DW_DLA_ERROR);
}

/* DW_AT_low_pc with DW_AT_high_pc as an address, or from DWARF 4 on as a length. */
static bool read_low_high(struct da_dwarf_ranges *r, Dwarf_Debug dbg, Dwarf_Die die)
{
	Dwarf_Addr low = 0, high = 0;
	Dwarf_Half form;
	enum Dwarf_Form_Class form_class = DW_FORM_CLASS_UNKNOWN;
	Dwarf_Error error = NULL;

	int result = dwarf_lowpc(die, &low, &error);
	forget(dbg, result, error);
	if (result != DW_DLV_OK)
		return false;
	result = dwarf_highpc_b(die, &high, &form, &form_class, &error);
	forget(dbg, result, error);
	if (result != DW_DLV_OK)
		return false;
	if (form_class == DW_FORM_CLASS_CONSTANT)
		high += low;
	add(r, low, high);
	return true;
}

/* .debug_ranges: DWARF 3 and 4, section 2.17.3. */
static void read_range_list(struct da_dwarf_ranges *r, Dwarf_Debug dbg, Dwarf_Die die,
			    Dwarf_Off offset)
{
	Dwarf_Off real;
	Dwarf_Ranges *list = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Unsigned bytes;
	Dwarf_Error error = NULL;
	uint64_t base = r->cu_base;

	int result = dwarf_get_ranges_b(dbg, offset, die, &real, &list, &n, &bytes, &error);
	forget(dbg, result, error);
	if (result != DW_DLV_OK)
		return;
	for (Dwarf_Signed i = 0; i < n && list[i].dwr_type != DW_RANGES_END; i++) {
		if (list[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = list[i].dwr_addr2;
		else
			add(r, base + list[i].dwr_addr1, base + list[i].dwr_addr2);
	}
	FREE_RANGES(dbg, list, n);
}

/* .debug_rnglists: DWARF 5, section 2.17.3. libdwarf turns all kinds into from and to. */
static void read_rnglist(struct da_dwarf_ranges *r, Dwarf_Debug dbg, Dwarf_Attribute attr,
			 Dwarf_Half form, Dwarf_Unsigned value)
{
	Dwarf_Rnglists_Head head = NULL;
	Dwarf_Unsigned n = 0, global, raw1, raw2, from, to;
	Dwarf_Bool no_address;
	unsigned int length, kind;
	Dwarf_Error error = NULL;

	int result = dwarf_rnglists_get_rle_head(attr, form, value, &head, &n, &global, &error);
	forget(dbg, result, error);
	if (result != DW_DLV_OK)
		return;
	for (Dwarf_Unsigned i = 0; i < n && i < DA_DWARF_MAX_RANGES; i++) {
		result = dwarf_get_rnglists_entry_fields_a(head, i, &length, &kind, &raw1, &raw2,
							   &no_address, &from, &to, &error);
		forget(dbg, result, error);
		if (result != DW_DLV_OK || kind == DW_RLE_end_of_list)
			break;
		if (kind != DW_RLE_base_address && kind != DW_RLE_base_addressx && !no_address)
			add(r, from, to);
	}
	dwarf_dealloc_rnglists_head(head);
}

static bool is_version_5(Dwarf_Die die)
{
	Dwarf_Half version = 0, offset_size = 0;
	return dwarf_get_version_of_die(die, &version, &offset_size) == DW_DLV_OK && version >= 5;
}

static void read_ranges_attribute(struct da_dwarf_ranges *r, Dwarf_Debug dbg, Dwarf_Die die,
				  Dwarf_Attribute attr)
{
	Dwarf_Half form = 0;
	Dwarf_Unsigned value = 0;
	Dwarf_Off offset = 0;
	Dwarf_Error error = NULL;

	int result = dwarf_whatform(attr, &form, &error);
	if (result == DW_DLV_OK) {
		if (form == DW_FORM_sec_offset) {
			result = dwarf_global_formref(attr, &offset, &error);
			value = offset;
		} else {
			result = dwarf_formudata(attr, &value, &error);
		}
	}
	forget(dbg, result, error);
	if (result != DW_DLV_OK)
		return;
	if (is_version_5(die))
		read_rnglist(r, dbg, attr, form, value);
	else
		read_range_list(r, dbg, die, value);
}

void da_dwarf_ranges_read(struct da_dwarf_ranges *r, struct Dwarf_Debug_s *dbg,
			  struct Dwarf_Die_s *die)
{
	Dwarf_Attribute attr;
	Dwarf_Error error = NULL;

	r->n = 0;
	if (read_low_high(r, dbg, die))
		return;
	int result = dwarf_attr(die, DW_AT_ranges, &attr, &error);
	forget(dbg, result, error);
	if (result != DW_DLV_OK)
		return;
	read_ranges_attribute(r, dbg, die, attr);
	dwarf_dealloc_attribute(attr);
}

void da_dwarf_ranges_deinit(struct da_dwarf_ranges *r)
{
	free(r->items);
	*r = (struct da_dwarf_ranges){0};
}
