/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/dwarf_lines.h"

#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "ds/vec.h"
#include "symbols/elf.h"

/* Longest path built, in bytes, and most files of one table. */
#define MAX_PATH 4096
#define MAX_FILES (1U << 20)

/* Everything one reading of a table passes around. */
struct reading {
	struct da_dwarf_lines *out;
	Dwarf_Debug dbg;
	Dwarf_Line_Context context;
	Dwarf_Unsigned version;
	const char *comp_dir;
	const struct da_elf *elf;
	/* See needs_first_file(). */
	bool fixes_first_file;
};

static bool check(struct reading *r, int result, Dwarf_Error error)
{
	if (result == DW_DLV_ERROR)
		dwarf_dealloc(r->dbg, error, DW_DLA_ERROR);
	return result == DW_DLV_OK;
}

/* ---- file names ---- */

static const char *join(struct da_arena *arena, const char *dir, const char *sub, const char *name)
{
	const char *parts[3] = {dir, sub, name};
	size_t len = 0;
	char path[MAX_PATH];

	for (int i = 0; i < 3; i++) {
		size_t n = parts[i] ? strnlen(parts[i], MAX_PATH) : 0;
		if (!n)
			continue;
		if (len + n + 2 > sizeof(path))
			return NULL;
		if (len)
			path[len++] = '/';
		memcpy(path + len, parts[i], n);
		len += n;
	}
	return da_arena_copy(arena, path, len);
}

/* Directory 0 is the compilation directory; before DWARF 5 it is not in the table. */
static const char *directory(struct reading *r, Dwarf_Unsigned index)
{
	const char *dir = NULL;
	Dwarf_Error error = NULL;

	if (index == 0 && r->version < 5)
		return NULL;
	int result = dwarf_srclines_include_dir_data(r->context, (Dwarf_Signed)index, &dir, &error);
	return check(r, result, error) ? dir : NULL;
}

static const char *full_path(struct reading *r, Dwarf_Signed index)
{
	const char *name = NULL;
	Dwarf_Unsigned dir_index = 0, mtime, length;
	Dwarf_Form_Data16 *md5;
	Dwarf_Error error = NULL;

	int result = dwarf_srclines_files_data_b(r->context, index, &name, &dir_index, &mtime,
						 &length, &md5, &error);
	if (!check(r, result, error) || !name)
		return NULL;
	if (name[0] == '/')
		return join(&r->out->arena, NULL, NULL, name);
	const char *dir = directory(r, dir_index);
	if (dir && dir[0] == '/')
		return join(&r->out->arena, NULL, dir, name);
	return join(&r->out->arena, r->comp_dir, dir, name);
}

static void read_files(struct reading *r)
{
	Dwarf_Signed base = 0, count = 0, end = 0;
	Dwarf_Error error = NULL;

	int result = dwarf_srclines_files_indexes(r->context, &base, &count, &end, &error);
	if (!check(r, result, error) || base < 0 || end <= base || end > MAX_FILES)
		return;
	r->out->n_files = (size_t)end;
	r->out->files = da_arena_alloc(&r->out->arena, (size_t)end * sizeof(*r->out->files));
	for (Dwarf_Signed i = base; i < end; i++)
		r->out->files[i] = full_path(r, i);
}

/* ---- rows ---- */

struct raw_row {
	Dwarf_Addr addr;
	Dwarf_Unsigned line, file;
	Dwarf_Bool ends;
};

static bool read_row(struct reading *r, Dwarf_Line line, struct raw_row *out)
{
	Dwarf_Bool prologue, epilogue = 0;
	Dwarf_Unsigned isa, discriminator;
	Dwarf_Error error = NULL;

	if (!check(r, dwarf_lineaddr(line, &out->addr, &error), error) ||
	    !check(r, dwarf_lineno(line, &out->line, &error), error) ||
	    !check(r, dwarf_line_srcfileno(line, &out->file, &error), error) ||
	    !check(r, dwarf_lineendsequence(line, &out->ends, &error), error))
		return false;
	/* libdwarf (20210528 to 2.3.1 at least) calls the first row of an epilogue an end when a
	 * special opcode made it. A real end is never marked as an epilogue by a compiler. */
	if (out->ends && check(r, dwarf_prologue_end_etc(line, &prologue, &epilogue, &isa,
							 &discriminator, &error), error))
		out->ends = !epilogue;
	return true;
}

static void add_row(struct da_dwarf_lines *l, const struct raw_row *raw)
{
	l->rows = da_vec_reserve(l->rows, &l->cap_rows, l->n_rows + 1, sizeof(*l->rows));
	l->rows[l->n_rows++] = (struct da_dwarf_row){
		.addr = raw->addr,
		.line = raw->line > UINT32_MAX ? 0 : (uint32_t)raw->line,
		.file = raw->file > UINT32_MAX ? UINT32_MAX : (uint32_t)raw->file,
	};
}

static int compare_rows(const void *left, const void *right)
{
	const struct da_dwarf_row *a = left, *b = right;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

static bool is_sorted(const struct da_dwarf_row *rows, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (rows[i].addr < rows[i - 1].addr)
			return false;
	return true;
}

/* Keep the rows from @first on as a sequence that ends at @to, or drop them. */
static void end_sequence(struct reading *r, size_t first, uint64_t to)
{
	struct da_dwarf_lines *l = r->out;
	size_t n = l->n_rows - first;
	struct da_dwarf_row *rows = l->rows + first;

	if (n && !is_sorted(rows, n))
		qsort(rows, n, sizeof(*rows), compare_rows);
	if (!n || rows[0].addr >= to || !da_elf_is_code(r->elf, rows[0].addr)) {
		l->n_rows = first;
		return;
	}
	l->sequences = da_vec_reserve(l->sequences, &l->cap_sequences, l->n_sequences + 1,
				      sizeof(*l->sequences));
	l->sequences[l->n_sequences++] = (struct da_dwarf_sequence){
		.from = rows[0].addr, .to = to, .first = first, .n = n};
}

/*
 * DWARF 5, section 6.2.2: the file register starts at 1. libdwarf 20210528 starts it at 0 (0.5.0
 * and later at 1), which gives the first rows of a sequence the wrong file. GCC and GNU as never
 * choose file 0 explicitly, so theirs can be put right; clang always chooses explicitly.
 */
static bool needs_first_file(struct reading *r, Dwarf_Die cu_die)
{
	Dwarf_Attribute attr = NULL;
	char *text = NULL;
	Dwarf_Error error = NULL;

	if (DA_DWARF_FINISH_ARGS != 2 || r->version != 5 ||
	    !check(r, dwarf_attr(cu_die, DW_AT_producer, &attr, &error), error))
		return false;
	bool is_gnu = check(r, dwarf_formstring(attr, &text, &error), error) &&
		      strncmp(text, "GNU ", 4) == 0;
	dwarf_dealloc_attribute(attr);
	return is_gnu;
}

static void read_rows(struct reading *r, uint64_t *budget)
{
	Dwarf_Line *lines = NULL;
	Dwarf_Signed n = 0;
	size_t first = 0;
	bool file_chosen = false;
	struct raw_row raw;
	Dwarf_Error error = NULL;

	int result = dwarf_srclines_from_linecontext(r->context, &lines, &n, &error);
	if (!check(r, result, error))
		return;
	for (Dwarf_Signed i = 0; i < n && *budget > 0; i++, --*budget) {
		if (!read_row(r, lines[i], &raw))
			break;
		file_chosen |= raw.file != 0;
		if (!file_chosen && r->fixes_first_file)
			raw.file = 1;
		if (!raw.ends) {
			add_row(r->out, &raw);
			continue;
		}
		end_sequence(r, first, raw.addr);
		first = r->out->n_rows;
		file_chosen = false;
	}
	/* Rows without an end are of a damaged table. */
	r->out->n_rows = first;
}

static int compare_sequences(const void *left, const void *right)
{
	const struct da_dwarf_sequence *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static void sort_sequences(struct da_dwarf_lines *l)
{
	uint64_t reach = 0;

	if (!l->n_sequences)
		return;
	qsort(l->sequences, l->n_sequences, sizeof(*l->sequences), compare_sequences);
	for (size_t i = 0; i < l->n_sequences; i++) {
		if (l->sequences[i].to > reach)
			reach = l->sequences[i].to;
		l->sequences[i].reach = reach;
	}
}

/* ---- the table ---- */

static const char *read_comp_dir(struct reading *r, Dwarf_Die die, Dwarf_Attribute *attr_out)
{
	char *text = NULL;
	Dwarf_Error error = NULL;

	*attr_out = NULL;
	if (!check(r, dwarf_attr(die, DW_AT_comp_dir, attr_out, &error), error))
		return NULL;
	return check(r, dwarf_formstring(*attr_out, &text, &error), error) ? text : NULL;
}

bool da_dwarf_lines_read(struct da_dwarf_lines *l, struct Dwarf_Debug_s *dbg,
			 struct Dwarf_Die_s *cu_die, const struct da_elf *e, uint64_t *budget)
{
	struct reading r = {.out = l, .dbg = dbg, .elf = e};
	Dwarf_Small tables = 0;
	Dwarf_Attribute attr;
	Dwarf_Error error = NULL;

	int result = dwarf_srclines_b(cu_die, &r.version, &tables, &r.context, &error);
	if (!check(&r, result, error))
		return false;
	r.comp_dir = read_comp_dir(&r, cu_die, &attr);
	r.fixes_first_file = needs_first_file(&r, cu_die);
	read_files(&r);
	if (tables > 0)
		read_rows(&r, budget);
	sort_sequences(l);
	if (attr)
		dwarf_dealloc_attribute(attr);
	dwarf_srclines_dealloc_b(r.context);
	return true;
}

void da_dwarf_lines_deinit(struct da_dwarf_lines *l)
{
	free(l->rows);
	free(l->sequences);
	da_arena_deinit(&l->arena);
	*l = (struct da_dwarf_lines){0};
}

static const struct da_dwarf_sequence *find_sequence(const struct da_dwarf_lines *l, uint64_t vaddr)
{
	size_t low = 0, high = l->n_sequences;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->sequences[mid].from <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i-- > 0 && l->sequences[i].reach > vaddr;)
		if (vaddr < l->sequences[i].to)
			return &l->sequences[i];
	return NULL;
}

const struct da_dwarf_row *da_dwarf_lines_find(const struct da_dwarf_lines *l, uint64_t vaddr)
{
	const struct da_dwarf_sequence *s = find_sequence(l, vaddr);

	if (!s)
		return NULL;
	/* The last row that starts at or before the address; of several at one address the last. */
	size_t low = s->first, high = s->first + s->n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (l->rows[mid].addr <= vaddr)
			low = mid;
		else
			high = mid;
	}
	return &l->rows[low];
}

const char *da_dwarf_lines_file(const struct da_dwarf_lines *l, uint64_t file)
{
	return file < l->n_files ? l->files[file] : NULL;
}
