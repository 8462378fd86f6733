/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/symtab.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "ds/vec.h"
#include "symbols/elf.h"

static size_t find_table(struct da_elf *e, uint32_t type)
{
	struct da_elf_section section;

	for (size_t i = 1; i < da_elf_section_count(e); i++)
		if (da_elf_get_section(e, i, &section) && section.type == type)
			return i;
	return 0;
}

void da_symtab_add(struct da_symtab *t, struct da_elf *e)
{
	size_t index = find_table(e, SHT_SYMTAB);
	struct da_elf_symbol symbol;

	if (!index)
		index = find_table(e, SHT_DYNSYM);
	size_t n = index ? da_elf_symbol_count(e, index) : 0;
	for (size_t i = 0; i < n; i++) {
		if (!da_elf_get_symbol(e, index, i, &symbol))
			continue;
		t->entries = da_vec_reserve(t->entries, &t->cap, t->n + 1, sizeof(*t->entries));
		struct da_symtab_entry *entry = &t->entries[t->n++];
		entry->from = symbol.value;
		entry->sized = !__builtin_add_overflow(symbol.value, symbol.size, &entry->to) &&
			       symbol.size > 0;
		entry->name = symbol.name;
		entry->is_function = symbol.is_function;
		entry->bind = symbol.bind;
	}
}

/* 0 is best. */
static int bind_rank(uint8_t bind)
{
	switch (bind) {
	case STB_GLOBAL:
	case STB_GNU_UNIQUE:
		return 0;
	case STB_WEAK:
		return 1;
	default:
		return 2;
	}
}

static int compare_names(const char *a, const char *b)
{
	size_t ua = strspn(a, "_"), ub = strspn(b, "_"), la = strlen(a), lb = strlen(b);

	if (ua != ub)
		return ua < ub ? -1 : 1;
	if (la != lb)
		return la < lb ? -1 : 1;
	return strcmp(a, b);
}

/* By start; at the same start larger ranges first, so that the search backwards meets the innermost
 * first; for the same range the best name last. */
static int compare(const void *left, const void *right)
{
	const struct da_symtab_entry *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->sized != b->sized)
		return a->sized ? 1 : -1;
	if (a->sized && a->to != b->to)
		return a->to > b->to ? -1 : 1;
	if (a->is_function != b->is_function)
		return a->is_function ? 1 : -1;
	if (bind_rank(a->bind) != bind_rank(b->bind))
		return bind_rank(a->bind) < bind_rank(b->bind) ? 1 : -1;
	return -compare_names(a->name, b->name);
}

/* Labels reach to the next symbol, but not out of the code they are in. */
static void end_unsized(struct da_symtab *t, const struct da_elf *e)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = t->n; i-- > 0;) {
		struct da_symtab_entry *entry = &t->entries[i];
		if (!entry->sized) {
			uint64_t end = da_elf_code_end(e, entry->from);
			entry->to = next < end ? next : end;
		}
		if (i && t->entries[i - 1].from != entry->from)
			next = entry->from;
	}
}

void da_symtab_sort(struct da_symtab *t, const struct da_elf *e)
{
	uint64_t reach = 0;

	if (!t->n)
		return;
	qsort(t->entries, t->n, sizeof(*t->entries), compare);
	end_unsized(t, e);
	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].to > reach)
			reach = t->entries[i].to;
		t->entries[i].reach = reach;
	}
}

void da_symtab_deinit(struct da_symtab *t)
{
	free(t->entries);
	*t = (struct da_symtab){0};
}

const struct da_symtab_entry *da_symtab_find(const struct da_symtab *t, uint64_t vaddr)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (t->entries[mid].from <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i-- > 0 && t->entries[i].reach > vaddr;)
		if (vaddr < t->entries[i].to)
			return &t->entries[i];
	return NULL;
}
