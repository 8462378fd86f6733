/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/frames.h"

#include <stdlib.h>
#include <string.h>

#include "ds/intern.h"
#include "ds/vec.h"
#include "symbols/demangle.h"
#include "symbols/dwarf.h"
#include "symbols/elf.h"
#include "symbols/symtab.h"

/* One reading of debug data. */
struct naming {
	const struct da_frames_input *in;
	struct da_wire_writer *out;
	struct da_symtab symtab;
	/* Linker names seen, and by their number the STRING number of the name shown. */
	struct da_intern seen;
	uint32_t *shown;
	size_t cap_shown;
};

static void load_symbols(struct naming *n)
{
	da_symtab_add(&n->symtab, n->in->module);
	if (n->in->debug && n->in->debug != n->in->module)
		da_symtab_add(&n->symtab, n->in->debug);
	da_symtab_sort(&n->symtab, n->in->module);
}

/* The STRING of the name shown for a linker's name. */
static uint32_t show(struct naming *n, const char *linkage)
{
	size_t before = n->seen.n;
	uint32_t id = da_intern_put_text(&n->seen, linkage);

	if (n->seen.n != before) {
		char *text = da_demangle(linkage, n->in->demangle);
		n->shown = da_vec_reserve(n->shown, &n->cap_shown, n->seen.n, sizeof(*n->shown));
		n->shown[id] = da_wire_string(n->out, text);
		free(text);
	}
	return n->shown[id];
}

static void set_linkage(struct naming *n, const char *linkage, struct da_wire_frame *frame)
{
	frame->function = show(n, linkage);
	frame->linkage = da_wire_string(n->out, linkage);
	if (frame->linkage == frame->function)
		frame->linkage = 0;
}

static bool name_by_symbol(struct naming *n, uint64_t vaddr, struct da_wire_frame *frame)
{
	const struct da_symtab_entry *symbol = da_symtab_find(&n->symtab, vaddr);

	if (symbol)
		set_linkage(n, symbol->name, frame);
	return symbol != NULL;
}

static void send_symbols(struct naming *n)
{
	const struct da_symbols_query *q = n->in->query;

	for (size_t i = 0; i < q->n_vaddrs; i++) {
		struct da_wire_frame frame = {0};
		if (name_by_symbol(n, q->vaddrs[i], &frame))
			da_wire_frames(n->out, (uint32_t)i, &frame, 1);
	}
}

/*
 * A C++ function without a linkage name (extern "C", main): the symbol that starts where it does.
 */
static bool name_by_start(struct naming *n, uint64_t low, struct da_wire_frame *frame)
{
	const struct da_symtab_entry *symbol = low ? da_symtab_find(&n->symtab, low) : NULL;

	if (!symbol || symbol->from != low)
		return false;
	set_linkage(n, symbol->name, frame);
	return true;
}

static struct da_wire_frame make_frame(struct naming *n, uint64_t vaddr,
				       const struct da_dwarf_frame *from)
{
	struct da_wire_frame frame = {
		.file = da_wire_string(n->out, from->file),
		.line = from->line,
		.flags = from->inlined ? DA_WIRE_INLINED : 0,
	};

	if (from->linkage)
		set_linkage(n, from->linkage, &frame);
	else if (!from->plain_names && name_by_start(n, from->low, &frame))
		return frame;
	else if (from->name)
		frame.function = da_wire_string(n->out, from->name);
	else if (!from->inlined)
		name_by_symbol(n, vaddr, &frame);
	return frame;
}

static void take_found(void *arg, size_t index, const struct da_dwarf_frame *frames,
		       size_t n_frames)
{
	struct naming *n = arg;
	struct da_wire_frame made[DA_DWARF_MAX_FRAMES];
	uint64_t vaddr = n->in->query->vaddrs[index];
	/* Without inlined frames the function that the code is really in remains. */
	size_t from = n->in->inlines ? 0 : n_frames - 1, count = 0;

	for (size_t i = from; i < n_frames; i++)
		made[count++] = make_frame(n, vaddr, &frames[i]);
	da_wire_frames(n->out, (uint32_t)index, made, count);
}

/* True if there are debug data. */
static bool send_debug(struct naming *n)
{
	const struct da_symbols_query *q = n->in->query;
	struct da_dwarf *dwarf;
	struct da_err err;

	if (!n->in->debug || !da_elf_find_section(n->in->debug, ".debug_info"))
		return false;
	if (!da_dwarf_open(n->in->debug, n->in->alt, &dwarf, &err)) {
		da_wire_note(n->out, err.text);
		return false;
	}
	if (!da_dwarf_resolve(dwarf, q->vaddrs, q->n_vaddrs, take_found, n, &err))
		da_wire_note(n->out, err.text);
	da_dwarf_close(dwarf);
	return true;
}

void da_frames_send(const struct da_frames_input *in, struct da_wire_writer *out,
		    struct da_wire_module *module)
{
	struct naming n = {.in = in, .out = out};

	/* The verdict goes out before anything that may kill this process. */
	da_wire_module(out, module);
	da_wire_flush(out);
	load_symbols(&n);
	if (n.symtab.n)
		module->flags |= DA_WIRE_HAS_SYMBOLS;
	send_symbols(&n);
	da_wire_module(out, module);
	da_wire_flush(out);
	if (send_debug(&n))
		module->flags |= DA_WIRE_HAS_LINES;
	da_wire_module(out, module);
	da_symtab_deinit(&n.symtab);
	da_intern_deinit(&n.seen);
	free(n.shown);
}
