/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/linkmap.h"

#include <fcntl.h>

#include "base/bytes.h"
#include "base/sys.h"

#ifndef DT_MIPS_RLD_MAP_REL
#define DT_MIPS_RLD_MAP_REL 0x70000035
#endif

/* The shim's own; glibc's <link.h> declares it, musl's does not. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

static void note_auxv(struct da_auxv *a, const ElfW(auxv_t) * v)
{
	switch (v->a_type) {
	case AT_PHDR: a->phdr = v->a_un.a_val; break;
	case AT_PHNUM: a->phnum = v->a_un.a_val; break;
	case AT_ENTRY: a->entry = v->a_un.a_val; break;
	case AT_PAGESZ: a->page_size = v->a_un.a_val; break;
	case AT_SYSINFO_EHDR: a->vdso = v->a_un.a_val; break;
	case AT_EXECFN: a->execfn = v->a_un.a_val; break;
	case AT_BASE: a->base = v->a_un.a_val; break;
	default: break;
	}
}

static bool read_auxv(struct da_auxv *a)
{
	long fd = da_sys_open("/proc/self/auxv", O_RDONLY | O_CLOEXEC, 0);
	ElfW(auxv_t) v;

	if (fd < 0)
		return false;
	while (da_sys_read((int)fd, &v, sizeof v) == (long)sizeof v && v.a_type != AT_NULL)
		note_auxv(a, &v);
	da_sys_close((int)fd);
	return a->phdr;
}

/* On the initial stack the auxiliary vector follows the environment. */
static bool find_auxv(struct da_auxv *a, char *const *environment)
{
	const ElfW(auxv_t) * v;

	if (!environment)
		return false;
	while (*environment)
		environment++;
	for (v = (const void *)(environment + 1); v->a_type != AT_NULL; v++)
		note_auxv(a, v);
	return a->phdr;
}

static const struct r_debug *debug_of(const ElfW(Dyn) * d)
{
	for (; d->d_tag != DT_NULL; d++) {
		uintptr_t v = d->d_un.d_ptr;

		if (d->d_tag == DT_DEBUG && v)
			return (const void *)v;
		if (d->d_tag == DT_MIPS_RLD_MAP_REL && v)
			return *(const struct r_debug *const *)((uintptr_t)d + v);
		if (d->d_tag == DT_MIPS_RLD_MAP && v)
			return *(const struct r_debug *const *)v;
	}
	return NULL;
}

static const struct r_debug *find_debug(const struct da_auxv *a)
{
	const ElfW(Phdr) *ph = (const void *)a->phdr;
	const ElfW(Phdr) *dynamic = NULL;
	uintptr_t bias = 0;

	for (uintptr_t i = 0; i < a->phnum; i++) {
		if (ph[i].p_type == PT_PHDR)
			bias = a->phdr - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dynamic = &ph[i];
	}
	return dynamic ? debug_of((const void *)(bias + dynamic->p_vaddr)) : NULL;
}

bool da_linkmap_init(struct da_linkmap *l, char *const *environment)
{
	const struct link_map *m;

	if (!l->auxv.phdr && !read_auxv(&l->auxv) && !find_auxv(&l->auxv, environment))
		return false;
	l->debug = find_debug(&l->auxv);
	if (!l->debug)
		return false;
	l->self = NULL;
	for (m = l->debug->r_map; m; m = m->l_next) {
		if (m->l_ld == _DYNAMIC)
			l->self = m;
		l->last = m;
	}
	return l->self;
}

/* What a symbol look-up needs of an object's dynamic section. */
struct tables {
	uintptr_t bias;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint32_t *sysv_hash;
	const uint32_t *gnu_hash;
};

static uintptr_t distance(uintptr_t a, uintptr_t b)
{
	return a < b ? b - a : a - b;
}

/* Only one of the two readings lies near the dynamic section itself; also in prelinked objects. */
uintptr_t da_linkmap_address(const struct link_map *m, uintptr_t v)
{
	uintptr_t here = (uintptr_t)m->l_ld, moved = v + m->l_addr;

	return distance(v, here) <= distance(moved, here) ? v : moved;
}

static const void *at(const struct link_map *m, uintptr_t v)
{
	return (const void *)da_linkmap_address(m, v);
}

static bool read_tables(const struct link_map *m, struct tables *t)
{
	*t = (struct tables){ .bias = m->l_addr };
	if (!m->l_ld)
		return false;
	for (const ElfW(Dyn) *d = m->l_ld; d->d_tag != DT_NULL; d++) {
		switch (d->d_tag) {
		case DT_SYMTAB: t->symbols = at(m, d->d_un.d_ptr); break;
		case DT_STRTAB: t->strings = at(m, d->d_un.d_ptr); break;
		case DT_HASH: t->sysv_hash = at(m, d->d_un.d_ptr); break;
		case DT_GNU_HASH: t->gnu_hash = at(m, d->d_un.d_ptr); break;
		default: break;
		}
	}
	return t->symbols && t->strings && (t->sysv_hash || t->gnu_hash);
}

static void *match(const struct tables *t, uint32_t index, const char *name)
{
	const ElfW(Sym) *s = &t->symbols[index];
	unsigned type = s->st_info & 15;

	if (s->st_shndx == SHN_UNDEF || !s->st_value || (type != STT_FUNC && type != STT_OBJECT))
		return NULL;
	return da_text_equal(t->strings + s->st_name, name) ? (void *)(t->bias + s->st_value) :
							      NULL;
}

static void *find_sysv(const struct tables *t, const char *name)
{
	const uint32_t *h = t->sysv_hash;
	uint32_t hash = 0, high;

	for (const char *c = name; *c; c++) {
		hash = (hash << 4) + (uint8_t)*c;
		high = hash & 0xf0000000u;
		hash = (hash ^ high >> 24) & ~high;
	}
	for (uint32_t i = h[2 + hash % h[0]]; i; i = h[2 + h[0] + i]) {
		void *p = match(t, i, name);

		if (p)
			return p;
	}
	return NULL;
}

static void *find_gnu(const struct tables *t, const char *name)
{
	const uint32_t *h = t->gnu_hash;
	uint32_t n_buckets = h[0], offset = h[1], bloom_words = h[2];
	const uint32_t *buckets = h + 4 + bloom_words * (sizeof(uintptr_t) / sizeof(uint32_t));
	const uint32_t *chain = buckets + n_buckets;
	uint32_t hash = 5381;
	uint32_t i;

	if (!n_buckets)
		return NULL;
	for (const char *c = name; *c; c++)
		hash = hash * 33 + (uint8_t)*c;
	i = buckets[hash % n_buckets];
	if (i < offset)
		return NULL;
	for (;; i++) {
		uint32_t link = chain[i - offset];
		void *p = (link | 1) == (hash | 1) ? match(t, i, name) : NULL;

		if (p)
			return p;
		if (link & 1)
			return NULL;
	}
}

static void *find_from(const struct link_map *m, const char *name)
{
	for (; m; m = m->l_next) {
		struct tables t;
		void *p = NULL;

		if (read_tables(m, &t))
			p = t.gnu_hash ? find_gnu(&t, name) : find_sysv(&t, name);
		if (p)
			return p;
	}
	return NULL;
}

void *da_linkmap_find_next(const struct da_linkmap *l, const char *name)
{
	return find_from(l->self->l_next, name);
}

void *da_linkmap_find(const struct da_linkmap *l, const char *name)
{
	return find_from(l->debug->r_map, name);
}
