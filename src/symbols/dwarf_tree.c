/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/dwarf_tree.h"

#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif
#include <stdlib.h>

#include "ds/vec.h"

/* DW_LANG_C17, which libdwarf 20210528 has no name for. */
#define LANG_C17 0x2c

/* A DIE on the way down, and the function it is in. */
struct level {
	Dwarf_Die die;
	uint32_t node;
};

struct walk {
	struct da_dwarf_tree *tree;
	Dwarf_Debug dbg;
	/* Also look into functions that contain no wanted address: one nested in them may. */
	bool thorough;
	/* Whether types of this language can contain functions. */
	bool types_have_code;
	uint64_t *visits;
	size_t depth;
	struct level levels[DA_DWARF_MAX_DEPTH];
};

static bool check(struct walk *w, int result, Dwarf_Error error)
{
	if (result == DW_DLV_ERROR)
		dwarf_dealloc(w->dbg, error, DW_DLA_ERROR);
	return result == DW_DLV_OK;
}

/* ---- one function ---- */

/* First place at or after @vaddr. */
static size_t lower_bound(const struct da_dwarf_tree *t, uint64_t vaddr)
{
	size_t low = 0, high = t->n_places;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (t->places[mid].vaddr < vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool contains_any(const struct da_dwarf_tree *t)
{
	for (size_t i = 0; i < t->ranges.n; i++) {
		size_t at = lower_bound(t, t->ranges.items[i].from);
		if (at < t->n_places && t->places[at].vaddr < t->ranges.items[i].to)
			return true;
	}
	return false;
}

/* Give the node to the places in its ranges that have no better one. */
static void claim(struct da_dwarf_tree *t, uint32_t node)
{
	for (size_t i = 0; i < t->ranges.n; i++) {
		const struct da_dwarf_range *r = &t->ranges.items[i];
		for (size_t at = lower_bound(t, r->from);
		     at < t->n_places && t->places[at].vaddr < r->to; at++) {
			struct da_dwarf_place *p = &t->places[at];
			if (p->node != DA_DWARF_NO_NODE && p->fit < r->to - r->from)
				continue;
			p->node = node;
			p->fit = r->to - r->from;
		}
	}
}

static uint32_t number_attribute(struct walk *w, Dwarf_Die die, Dwarf_Half name)
{
	Dwarf_Attribute attr;
	Dwarf_Unsigned value = 0;
	Dwarf_Signed as_signed = 0;
	Dwarf_Error error = NULL;

	if (!check(w, dwarf_attr(die, name, &attr, &error), error))
		return 0;
	if (!check(w, dwarf_formudata(attr, &value, &error), error) &&
	    check(w, dwarf_formsdata(attr, &as_signed, &error), error) && as_signed > 0)
		value = (Dwarf_Unsigned)as_signed;
	dwarf_dealloc_attribute(attr);
	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

static uint32_t add_node(struct walk *w, Dwarf_Die die, bool inlined, uint32_t parent)
{
	struct da_dwarf_tree *t = w->tree;
	Dwarf_Off offset = 0;
	Dwarf_Error error = NULL;

	if (t->n_nodes >= DA_DWARF_NO_NODE ||
	    !check(w, dwarf_dieoffset(die, &offset, &error), error))
		return parent;
	t->nodes = da_vec_reserve(t->nodes, &t->cap_nodes, t->n_nodes + 1, sizeof(*t->nodes));
	t->nodes[t->n_nodes] = (struct da_dwarf_node){
		.offset = offset,
		.parent = parent,
		.call_file = inlined ? number_attribute(w, die, DW_AT_call_file) : 0,
		.call_line = inlined ? number_attribute(w, die, DW_AT_call_line) : 0,
		.inlined = inlined,
	};
	return (uint32_t)t->n_nodes++;
}

/* True: look below this subprogram, as @node_out. */
static bool visit_subprogram(struct walk *w, Dwarf_Die die, uint32_t *node_out)
{
	da_dwarf_ranges_read(&w->tree->ranges, w->dbg, die);
	if (!contains_any(w->tree)) {
		*node_out = DA_DWARF_NO_NODE;
		return w->thorough;
	}
	*node_out = add_node(w, die, false, DA_DWARF_NO_NODE);
	if (*node_out == DA_DWARF_NO_NODE)
		return true;
	w->tree->nodes[*node_out].low = w->tree->ranges.items[0].from;
	claim(w->tree, *node_out);
	return true;
}

static bool visit_inlined(struct walk *w, Dwarf_Die die, uint32_t parent, uint32_t *node_out)
{
	if (parent == DA_DWARF_NO_NODE)
		return w->thorough;
	*node_out = add_node(w, die, true, parent);
	da_dwarf_ranges_read(&w->tree->ranges, w->dbg, die);
	if (*node_out != parent)
		claim(w->tree, *node_out);
	return true;
}

/* ---- the walk ---- */

/* Whether to look below @die; @node_out is the function its children are in. */
static bool visit(struct walk *w, Dwarf_Die die, uint32_t parent, uint32_t *node_out)
{
	Dwarf_Half tag = 0;
	Dwarf_Error error = NULL;

	*node_out = parent;
	if (!check(w, dwarf_tag(die, &tag, &error), error))
		return false;
	switch (tag) {
	case DW_TAG_subprogram:
		return visit_subprogram(w, die, node_out);
	case DW_TAG_inlined_subroutine:
		return visit_inlined(w, die, parent, node_out);
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		return parent != DA_DWARF_NO_NODE || w->thorough;
	case DW_TAG_namespace:
	case DW_TAG_module:
		return true;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
		return w->types_have_code;
	default:
		return false;
	}
}

static bool enter(struct walk *w, Dwarf_Die parent, uint32_t node)
{
	Dwarf_Die child = NULL;
	Dwarf_Error error = NULL;

	if (w->depth == DA_DWARF_MAX_DEPTH ||
	    !check(w, dwarf_child(parent, &child, &error), error))
		return false;
	w->levels[w->depth++] = (struct level){.die = child, .node = node};
	return true;
}

/* Go to the next DIE that is not below the current one. */
static void advance(struct walk *w)
{
	while (w->depth) {
		struct level *top = &w->levels[w->depth - 1];
		Dwarf_Die next = NULL;
		Dwarf_Error error = NULL;
		bool more = check(w, dwarf_siblingof_b(w->dbg, top->die, 1, &next, &error), error);
		dwarf_dealloc_die(top->die);
		top->die = next;
		if (more)
			return;
		w->depth--;
	}
}

static bool walk_below(struct walk *w, Dwarf_Die cu_die)
{
	uint32_t node;

	enter(w, cu_die, DA_DWARF_NO_NODE);
	while (w->depth && *w->visits > 0) {
		struct level top = w->levels[w->depth - 1];
		--*w->visits;
		if (!visit(w, top.die, top.node, &node) || !enter(w, top.die, node))
			advance(w);
	}
	bool complete = w->depth == 0;
	while (w->depth)
		dwarf_dealloc_die(w->levels[--w->depth].die);
	return complete;
}

/* C and assembly have no functions in types, and spend most DIEs on types. */
static bool language_has_methods(struct walk *w, Dwarf_Die cu_die)
{
	Dwarf_Unsigned language = 0;
	Dwarf_Error error = NULL;

	if (!check(w, dwarf_srclang(cu_die, &language, &error), error))
		return true;
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case LANG_C17:
	case DW_LANG_Mips_Assembler:
		return false;
	default:
		return true;
	}
}

static bool is_any_missing(const struct da_dwarf_tree *t)
{
	for (size_t i = 0; i < t->n_places; i++)
		if (t->places[i].node == DA_DWARF_NO_NODE)
			return true;
	return false;
}

bool da_dwarf_tree_walk(struct da_dwarf_tree *t, struct Dwarf_Debug_s *dbg,
			struct Dwarf_Die_s *cu_die, uint64_t *visits)
{
	struct walk w = {.tree = t, .dbg = dbg, .visits = visits};

	for (size_t i = 0; i < t->n_places; i++)
		t->places[i].node = DA_DWARF_NO_NODE;
	w.types_have_code = language_has_methods(&w, cu_die);
	bool complete = walk_below(&w, cu_die);
	if (complete && is_any_missing(t)) {
		w.thorough = true;
		complete = walk_below(&w, cu_die);
	}
	return complete;
}

void da_dwarf_tree_deinit(struct da_dwarf_tree *t)
{
	free(t->nodes);
	da_dwarf_ranges_deinit(&t->ranges);
	*t = (struct da_dwarf_tree){.places = t->places, .n_places = t->n_places};
}
