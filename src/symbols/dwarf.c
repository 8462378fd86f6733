/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/dwarf.h"

#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif
#include <stdlib.h>

#include "ds/mem.h"
#include "ds/vec.h"
#include "symbols/dwarf_lines.h"
#include "symbols/dwarf_names.h"
#include "symbols/dwarf_object.h"
#include "symbols/dwarf_ranges.h"
#include "symbols/dwarf_tree.h"
#include "symbols/elf.h"

/* DW_LANG_C17, which libdwarf 20210528 has no name for. */
#define LANG_C17 0x2c

#define MAX_UNITS (1U << 20)
#define MAX_UNIT_RANGES (1U << 20)

/* A range of a compilation unit. */
struct unit_range {
	uint64_t from, to;
	/* Largest @to of this and all ranges before. */
	uint64_t reach;
	/* Of the unit's DIE. */
	Dwarf_Off die;
};

struct da_dwarf {
	struct da_elf *elf;
	struct da_dwarf_object *object;
	struct da_dwarf_object *alt;
	Dwarf_Debug dbg;
	struct unit_range *ranges;
	size_t n_ranges, cap_ranges;
	struct da_dwarf_names names;
	uint64_t rows_left;
	uint64_t visits_left;
	/* Whether some unit could not be read. */
	bool damaged;
};

/* A wanted address. */
struct wanted {
	uint64_t vaddr;
	size_t index;
	Dwarf_Off die;
};

static bool check(struct da_dwarf *d, int result, Dwarf_Error error)
{
	if (result == DW_DLV_ERROR) {
		dwarf_dealloc(d->dbg, error, DW_DLA_ERROR);
		d->damaged = true;
	}
	return result == DW_DLV_OK;
}

/* ---- which unit an address is in ---- */

static uint64_t low_pc(struct da_dwarf *d, Dwarf_Die die)
{
	Dwarf_Addr low = 0;
	Dwarf_Error error = NULL;

	return check(d, dwarf_lowpc(die, &low, &error), error) ? low : 0;
}

/* Ranges outside code are of functions the linker has thrown away. */
static void add_ranges(struct da_dwarf *d, const struct da_dwarf_ranges *found, Dwarf_Off die)
{
	for (size_t i = 0; i < found->n && d->n_ranges < MAX_UNIT_RANGES; i++) {
		const struct da_dwarf_range *r = &found->items[i];
		if (!da_elf_is_code(d->elf, r->from))
			continue;
		d->ranges = da_vec_reserve(d->ranges, &d->cap_ranges, d->n_ranges + 1,
					   sizeof(*d->ranges));
		d->ranges[d->n_ranges++] =
			(struct unit_range){.from = r->from, .to = r->to, .die = die};
	}
}

static void add_unit(struct da_dwarf *d, struct da_dwarf_ranges *scratch)
{
	Dwarf_Die die = NULL;
	Dwarf_Off offset = 0;
	Dwarf_Error error = NULL;

	if (!check(d, dwarf_siblingof_b(d->dbg, NULL, 1, &die, &error), error))
		return;
	if (check(d, dwarf_dieoffset(die, &offset, &error), error)) {
		scratch->cu_base = low_pc(d, die);
		da_dwarf_ranges_read(scratch, d->dbg, die);
		add_ranges(d, scratch, offset);
	}
	dwarf_dealloc_die(die);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct unit_range *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return a->die < b->die ? -1 : a->die > b->die;
}

static void sort_ranges(struct da_dwarf *d)
{
	uint64_t reach = 0;

	if (!d->n_ranges)
		return;
	qsort(d->ranges, d->n_ranges, sizeof(*d->ranges), compare_ranges);
	for (size_t i = 0; i < d->n_ranges; i++) {
		if (d->ranges[i].to > reach)
			reach = d->ranges[i].to;
		d->ranges[i].reach = reach;
	}
}

static void find_units(struct da_dwarf *d)
{
	struct da_dwarf_ranges scratch = {0};
	Dwarf_Unsigned length, type_offset, next;
	Dwarf_Half version, address_size, offset_size, extension, type;
	Dwarf_Off abbrev;
	Dwarf_Sig8 signature;
	Dwarf_Error error = NULL;

	for (unsigned int n = 0; n < MAX_UNITS; n++) {
		int result = dwarf_next_cu_header_d(d->dbg, 1, &length, &version, &abbrev,
						    &address_size, &offset_size, &extension,
						    &signature, &type_offset, &next, &type, &error);
		if (!check(d, result, error))
			break;
		add_unit(d, &scratch);
	}
	da_dwarf_ranges_deinit(&scratch);
	sort_ranges(d);
}

/* The unit with the smallest range that contains @vaddr; 0 if there is none. */
static Dwarf_Off find_unit(const struct da_dwarf *d, uint64_t vaddr)
{
	size_t low = 0, high = d->n_ranges;
	uint64_t best = UINT64_MAX;
	Dwarf_Off die = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (d->ranges[mid].from <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i-- > 0 && d->ranges[i].reach > vaddr;) {
		const struct unit_range *r = &d->ranges[i];
		if (vaddr < r->to && r->to - r->from < best) {
			best = r->to - r->from;
			die = r->die;
		}
	}
	return die;
}

/* ---- life ---- */

bool da_dwarf_open(struct da_elf *e, struct da_elf *alt, struct da_dwarf **out, struct da_err *err)
{
	struct da_dwarf_object *object;

	*out = NULL;
	if (!da_dwarf_object_open(e, &object, err))
		return false;
	struct da_dwarf *d = da_xcalloc(1, sizeof(*d));
	d->elf = e;
	d->object = object;
	d->dbg = da_dwarf_object_get(object);
	d->rows_left = DA_DWARF_MAX_ROWS;
	d->visits_left = DA_DWARF_MAX_VISITS;
	if (alt && da_dwarf_object_open(alt, &d->alt, NULL))
		da_dwarf_object_tie(object, d->alt);
	da_dwarf_names_init(&d->names, d->dbg, d->alt ? da_dwarf_object_get(d->alt) : NULL);
	*out = d;
	return true;
}

void da_dwarf_close(struct da_dwarf *d)
{
	if (!d)
		return;
	da_dwarf_names_deinit(&d->names);
	da_dwarf_object_close(d->object);
	da_dwarf_object_close(d->alt);
	free(d->ranges);
	free(d);
}

/* ---- frames ---- */

/* What is read of one unit. */
struct unit {
	struct da_dwarf *d;
	struct da_dwarf_lines lines;
	struct da_dwarf_tree tree;
	bool plain_names;
};

/* Languages whose DW_AT_name is the linker's name. */
static bool has_plain_names(struct da_dwarf *d, Dwarf_Die cu_die)
{
	Dwarf_Unsigned language = 0;
	Dwarf_Error error = NULL;

	if (!check(d, dwarf_srclang(cu_die, &language, &error), error))
		return false;
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case LANG_C17:
	case DW_LANG_Mips_Assembler:
	case DW_LANG_Ada83:
	case DW_LANG_Ada95:
	case DW_LANG_Cobol74:
	case DW_LANG_Cobol85:
	case DW_LANG_Fortran77:
	case DW_LANG_Pascal83:
	case DW_LANG_PLI:
	case DW_LANG_UPC:
		return true;
	default:
		return false;
	}
}

static void name_frame(struct unit *u, const struct da_dwarf_node *node,
		       struct da_dwarf_frame *frame)
{
	struct da_dwarf_name name = da_dwarf_names_get(&u->d->names, node->offset);

	frame->name = name.plain;
	frame->linkage = name.linkage;
	frame->inlined = node->inlined;
	frame->low = node->low;
	frame->plain_names = u->plain_names;
}

/* The frames of one place, from the line table and up the tree. Returns their number. */
static size_t make_frames(struct unit *u, const struct da_dwarf_place *place,
			  struct da_dwarf_frame frames[DA_DWARF_MAX_FRAMES])
{
	const struct da_dwarf_row *row = da_dwarf_lines_find(&u->lines, place->vaddr);
	uint32_t at = place->node;
	size_t n = 0;

	if (!row && at == DA_DWARF_NO_NODE)
		return 0;
	frames[0] = (struct da_dwarf_frame){
		.file = row ? da_dwarf_lines_file(&u->lines, row->file) : NULL,
		.line = row ? row->line : 0,
	};
	while (at != DA_DWARF_NO_NODE && n < DA_DWARF_MAX_FRAMES) {
		const struct da_dwarf_node *node = &u->tree.nodes[at];
		name_frame(u, node, &frames[n++]);
		at = node->inlined ? node->parent : DA_DWARF_NO_NODE;
		if (at != DA_DWARF_NO_NODE && n < DA_DWARF_MAX_FRAMES)
			frames[n] = (struct da_dwarf_frame){
				.file = da_dwarf_lines_file(&u->lines, node->call_file),
				.line = node->call_line,
			};
	}
	return n ? n : 1;
}

static void read_unit(struct unit *u, Dwarf_Off offset, struct wanted *wanted, size_t n)
{
	struct da_dwarf *d = u->d;
	Dwarf_Die die = NULL;
	Dwarf_Error error = NULL;

	u->tree.places = da_xcalloc(n, sizeof(*u->tree.places));
	u->tree.n_places = n;
	for (size_t i = 0; i < n; i++)
		u->tree.places[i] = (struct da_dwarf_place){.vaddr = wanted[i].vaddr,
							    .node = DA_DWARF_NO_NODE};
	if (!check(d, dwarf_offdie_b(d->dbg, offset, 1, &die, &error), error))
		return;
	u->plain_names = has_plain_names(d, die);
	u->tree.ranges.cu_base = low_pc(d, die);
	if (!da_dwarf_lines_read(&u->lines, d->dbg, die, d->elf, &d->rows_left))
		d->damaged = true;
	if (!da_dwarf_tree_walk(&u->tree, d->dbg, die, &d->visits_left))
		d->damaged = true;
	dwarf_dealloc_die(die);
}

/* All of @wanted are in the unit at @offset, in ascending order. */
static void resolve_unit(struct da_dwarf *d, Dwarf_Off offset, struct wanted *wanted, size_t n,
			 da_dwarf_found *found, void *arg)
{
	struct unit u = {.d = d};
	struct da_dwarf_frame frames[DA_DWARF_MAX_FRAMES];

	read_unit(&u, offset, wanted, n);
	for (size_t i = 0; i < n; i++) {
		size_t n_frames = make_frames(&u, &u.tree.places[i], frames);
		if (n_frames)
			found(arg, wanted[i].index, frames, n_frames);
	}
	da_dwarf_tree_deinit(&u.tree);
	da_dwarf_lines_deinit(&u.lines);
	free(u.tree.places);
}

/* ---- all addresses ---- */

static int compare_wanted(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

	if (a->die != b->die)
		return a->die < b->die ? -1 : 1;
	return a->vaddr < b->vaddr ? -1 : a->vaddr > b->vaddr;
}

static size_t find_all_units(struct da_dwarf *d, const uint64_t *vaddrs, size_t n,
			     struct wanted *wanted)
{
	size_t n_wanted = 0;

	for (size_t i = 0; i < n; i++) {
		Dwarf_Off die = find_unit(d, vaddrs[i]);
		if (die)
			wanted[n_wanted++] = (struct wanted){vaddrs[i], i, die};
	}
	if (n_wanted)
		qsort(wanted, n_wanted, sizeof(*wanted), compare_wanted);
	return n_wanted;
}

bool da_dwarf_resolve(struct da_dwarf *d, const uint64_t *vaddrs, size_t n, da_dwarf_found *found,
		      void *arg, struct da_err *err)
{
	if (!d->n_ranges)
		find_units(d);
	struct wanted *wanted = da_xcalloc(n, sizeof(*wanted));
	size_t n_wanted = find_all_units(d, vaddrs, n, wanted);

	for (size_t from = 0, to; from < n_wanted; from = to) {
		for (to = from + 1; to < n_wanted && wanted[to].die == wanted[from].die; to++)
			;
		resolve_unit(d, wanted[from].die, wanted + from, to - from, found, arg);
	}
	free(wanted);
	if (d->damaged || !d->visits_left || !d->rows_left)
		return da_err_set(err, "some of the debug data could not be read");
	return true;
}
