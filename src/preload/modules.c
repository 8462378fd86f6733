/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/modules.h"

#include "base/bytes.h"
#include "base/sys.h"
#include "preload/image.h"
#include "preload/modules_tell.h"
#include "preload/shim.h"

#define PAGE ((uintptr_t)4096)
/* How long to wait at a time for another thread's scan, and how often dlclose() does. */
#define WAIT_MS 10u
#define MOST_WAITS 200u
/* Farther from its dynamic section than this lies no object's code. */
#define OBJECT_REACH ((uintptr_t)256 << 20)

/* A module that the recording has been told of. */
struct known {
	struct da_module m;
	const struct link_map *at; /* its entry of the list; NULL: a vdso that has none */
	struct link_map link; /* what the entry said */
	uint64_t name; /* hash of the name that the entry points to */
	bool listed; /* met by the scan that runs */
};

/* An entry of the dynamic linker's list as the scan copied it. */
struct entry {
	const struct link_map *at;
	struct link_map link;
	bool lasting; /* loaded at the start: never goes away */
	bool is_known;
};

/* One scan. */
struct scan {
	struct da_thread *thread;
	uintptr_t pc; /* the unknown one that it is for, or 0 */
	enum da_peek way; /* for entries that may go away; PLAIN: none was met */
	bool whole; /* all of the list, not only from the tail on */
	uint32_t n; /* entries */
	bool skipped; /* some entry is not known yet */
	bool gone, changed; /* the table has to */
	bool lost; /* the lease was */
};

/* What a scan works with, under its lock: not on the stack, which may be a small one. */
static struct {
	struct da_image image;
	struct known found;
	struct da_module module;
	char name[DA_MODULES_TELL_PATH_BYTES];
} scratch;

static struct known *known; /* DA_MODULE_MAX of them, sorted by m.lo */
static uint32_t n_known;
static struct entry *entries; /* DA_MODULE_MAX of them */
static struct entry tail; /* the list's last, all up to it being known; at NULL: not so */
static uint32_t next_id;
static uint32_t stale = 1;
static uint32_t scanning; /* tid of the thread that scans, 0: none */
static uint32_t probing; /* 1: it scans by DA_PEEK_PROBE */
static uint32_t waiting; /* atomic: threads that wait for its end */
static uint32_t closing; /* atomic: calls of dlclose() that run */

bool da_modules_init(void)
{
	struct da_module *modules = da_sys_map(DA_MODULE_MAX * sizeof *modules);

	da_peek_init();
	known = da_sys_map(DA_MODULE_MAX * sizeof *known);
	entries = da_sys_map(DA_MODULE_MAX * sizeof *entries);
	da_shim.modules.modules = modules;
	return modules && known && entries;
}

void da_modules_touch(void)
{
	__atomic_store_n(&stale, 1, __ATOMIC_RELEASE);
}

bool da_modules_are_stale(void)
{
	return __atomic_load_n(&stale, __ATOMIC_RELAXED);
}

void da_modules_forget(void)
{
	n_known = 0;
	next_id = 0;
	tail.at = NULL;
	scanning = 0;
	probing = 0;
	waiting = 0;
	closing = 0;
	/* another thread may have been changing the table when this process was copied */
	da_shim.modules.sequence &= ~1u;
	da_shim.modules.n = 0;
	da_modules_touch();
}

static void add_segment(struct da_module *m, const ElfW(Phdr) * p)
{
	uintptr_t lo = m->bias + p->p_vaddr;
	uintptr_t end = (lo + p->p_memsz + PAGE - 1) & ~(PAGE - 1);

	if (!m->hi || (lo & ~(PAGE - 1)) < m->lo)
		m->lo = lo & ~(PAGE - 1);
	if (end > m->hi)
		m->hi = end;
	if (p->p_flags & PF_X && !(p->p_flags & PF_W) && !m->text_hi) {
		m->text_lo = lo;
		m->text_hi = lo + p->p_filesz;
	}
}

static void find_eh_frame(struct da_module *m, const struct da_image *image, const ElfW(Phdr) * eh)
{
	m->eh_frame_hdr = m->bias + eh->p_vaddr;
	m->eh_frame_hdr_size = eh->p_memsz;
	for (unsigned i = 0; i < image->n_phdrs; i++) {
		const ElfW(Phdr) *p = &image->phdrs[i];

		if (p->p_type == PT_LOAD && eh->p_vaddr - p->p_vaddr < p->p_filesz) {
			m->eh_lo = m->bias + p->p_vaddr;
			m->eh_hi = m->eh_lo + p->p_filesz;
		}
	}
}

/*
 * A word by which the object can be told from what may stand in its place later: of its build-id,
 * or of the file offset of its section headers, which is near its size.
 */
static void choose_witness(struct da_module *m, const struct da_image *image)
{
	const size_t size = sizeof m->witness_value;

	if (image->build_id_len >= size && image->build_id_at % size == 0) {
		m->witness = image->build_id_at;
		da_copy(&m->witness_value, image->build_id, size);
	} else if (image->header) {
		m->witness = image->header + offsetof(ElfW(Ehdr), e_shoff);
		da_copy(&m->witness_value, &image->ehdr.e_shoff, size);
	}
}

/* @return false for an object without program headers. */
static bool describe(struct da_module *m, const struct da_image *image, bool lasting)
{
	m->bias = image->bias;
	m->elf_flags = image->ehdr.e_flags;
	for (unsigned i = 0; i < image->n_phdrs; i++) {
		const ElfW(Phdr) *p = &image->phdrs[i];

		if (p->p_type == PT_LOAD)
			add_segment(m, p);
		else if (p->p_type == da_module_tables_type())
			find_eh_frame(m, image, p);
	}
	if (!lasting)
		choose_witness(m, image);
	return m->hi;
}

static uint64_t hash_text(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u; /* FNV-1a */
	return h;
}

/* Copy the entry's name to the scratch. @return false when the list has been changed. */
static bool read_name(const struct scan *s, const struct entry *e)
{
	scratch.name[0] = '\0';
	return !e->link.l_name || da_peek_text(e->lasting ? DA_PEEK_PLAIN : s->way, scratch.name,
					       (uintptr_t)e->link.l_name, sizeof scratch.name) >= 0;
}

static uint8_t role_of(const struct entry *e)
{
	const struct da_linkmap *l = &da_shim.linkmap;

	if (e->at == l->debug->r_map)
		return DA_MODULE_EXECUTABLE;
	if (e->at == l->self)
		return DA_MODULE_SHIM;
	if (l->auxv.vdso && e->link.l_addr == l->auxv.vdso)
		return DA_MODULE_VDSO;
	return l->auxv.base && e->link.l_addr == l->auxv.base ? DA_MODULE_LOADER :
								DA_MODULE_LIBRARY;
}

/* Whether the words at @at, which may be gone, are those at @copy. */
static bool same_words(const void *at, const void *copy, size_t bytes)
{
	const uint32_t *a = at, *b = copy;

	for (size_t i = 0; i < bytes / sizeof *a; i++)
		if (da_sys_compare(&a[i], b[i]) != 1)
			return false;
	return true;
}

/* Whether the list goes on behind the tail, or the tail is not what it was. */
static bool has_grown(void)
{
	if (tail.lasting)
		return tail.at->l_next != NULL;
	return !same_words(&tail.at->l_name, &tail.link.l_name, sizeof tail.link.l_name) ||
	       !same_words(&tail.at->l_next, &tail.link.l_next, sizeof tail.link.l_next);
}

static bool same_link(const struct link_map *a, const struct link_map *b)
{
	return a->l_addr == b->l_addr && a->l_name == b->l_name && a->l_ld == b->l_ld;
}

/* Choose the way to read. @return false while it allows no reading: a dlclose() runs. */
static bool choose_way(struct scan *s)
{
	s->way = da_peek_way();
	if (s->way == DA_PEEK_COPY)
		return true;
	__atomic_store_n(&probing, 1, __ATOMIC_SEQ_CST);
	/* told first, then looked, here and in da_modules_begin_close(): one of the two sees it */
	return !__atomic_load_n(&closing, __ATOMIC_SEQ_CST);
}

/*
 * Copy the list from its beginning, or from the tail on. @return false when it was changed
 * meanwhile.
 */
static bool read_list(struct scan *s)
{
	const struct da_linkmap *l = &da_shim.linkmap;
	const struct link_map *at = s->whole ? l->debug->r_map : tail.at;
	const struct link_map *before = s->whole ? NULL : tail.link.l_prev;
	bool lasting = s->whole || tail.lasting;

	for (s->n = 0; at && s->n < DA_MODULE_MAX; s->n++) {
		struct entry *e = &entries[s->n];

		*e = (struct entry){ .at = at, .lasting = lasting };
		if (!lasting && s->way == DA_PEEK_PLAIN && !choose_way(s))
			return false;
		if (!da_peek(lasting ? DA_PEEK_PLAIN : s->way, &e->link, (uintptr_t)at,
			     sizeof e->link) ||
		    e->link.l_prev != before)
			return false;
		lasting = lasting && at != l->last;
		before = at;
		at = e->link.l_next;
	}
	s->skipped = at != NULL;
	return s->n && (s->whole || same_link(&entries[0].link, &tail.link)) &&
	       da_linkmap_is_consistent(l);
}

/* Whether @k is still what the entry stands for. Only the link is looked at in a part of a list. */
static bool is_same(const struct scan *s, const struct known *k, const struct entry *e)
{
	if (e->lasting)
		return true;
	return same_link(&k->link, &e->link) &&
	       (!s->whole || (da_module_is_there(&k->m) && read_name(s, e) &&
			      hash_text(scratch.name) == k->name));
}

static void match(struct scan *s)
{
	for (uint32_t i = 0; i < n_known; i++)
		known[i].listed = !s->whole || !known[i].at;
	for (uint32_t i = 0; i < s->n; i++) {
		struct entry *e = &entries[i];

		for (uint32_t k = 0; k < n_known && !e->is_known; k++)
			if (known[k].at == e->at && is_same(s, &known[k], e))
				known[k].listed = e->is_known = true;
	}
}

static void insert(const struct known *f)
{
	uint32_t i = n_known++;

	for (; i && known[i - 1].m.lo > f->m.lo; i--)
		known[i] = known[i - 1];
	known[i] = *f;
}

/* Tell of scratch.found, whose image and name are in the scratch, too. @return false: lost. */
static bool add_found(struct scan *s, uint8_t role)
{
	struct known *f = &scratch.found;
	const struct da_modules_tell what = { &f->m, &scratch.image, scratch.name, role };

	f->m.id = next_id + 1;
	f->name = hash_text(scratch.name);
	f->listed = true;
	s->lost = !da_modules_tell_load(s->thread, &what);
	if (s->lost)
		return false;
	next_id++;
	s->changed = true;
	insert(f);
	return true;
}

static bool overlaps_known(const struct da_module *m)
{
	for (uint32_t i = 0; i < n_known; i++)
		if (m->lo < known[i].m.hi && known[i].m.lo < m->hi)
			return true;
	return false;
}

static bool read_image(const struct scan *s, const struct entry *e, uint8_t role)
{
	if (role == DA_MODULE_EXECUTABLE)
		return da_image_read_executable(&da_shim.linkmap, &scratch.image);
	return da_image_read(e->lasting ? DA_PEEK_PLAIN : s->way, &e->link, &scratch.image);
}

/* Whether the entry is as it was when the list was copied. */
static bool is_unchanged(const struct scan *s, const struct entry *e)
{
	struct link_map now;

	return e->lasting ||
	       (da_peek(s->way, &now, (uintptr_t)e->at, sizeof now) && same_link(&now, &e->link));
}

/* Tell of a new entry. @return false when the scan ends: the lease or the list's peace is lost. */
static bool add_entry(struct scan *s, const struct entry *e)
{
	static const char vdso[] = "[vdso]";
	uint8_t role = role_of(e);
	struct known *f = &scratch.found;

	da_zero(f, sizeof *f);
	f->at = e->at;
	f->link = e->link;
	if (!read_image(s, e, role)) {
		s->skipped = s->skipped || !e->lasting;
		return true;
	}
	if (!read_name(s, e) || !is_unchanged(s, e))
		return false;
	if (role == DA_MODULE_VDSO)
		da_copy(scratch.name, vdso, sizeof vdso);
	if (role == DA_MODULE_EXECUTABLE)
		f->m.entry = da_shim.linkmap.auxv.entry;
	else if (f->link.l_addr == da_shim.linkmap.auxv.base && scratch.image.ehdr.e_entry)
		f->m.entry = f->link.l_addr + scratch.image.ehdr.e_entry;
	if (!describe(&f->m, &scratch.image, e->lasting))
		return true;
	if (!s->whole && overlaps_known(&f->m)) /* something has gone that we did not hear of */
		return false;
	return n_known == DA_MODULE_MAX || add_found(s, role);
}

/* The vdso, for a libc that does not list it. @return as add_entry(). */
static bool add_vdso(struct scan *s)
{
	uintptr_t header = da_shim.linkmap.auxv.vdso;
	struct known *f = &scratch.found;

	for (uint32_t i = 0; i < n_known; i++)
		if (header - known[i].m.lo < known[i].m.hi - known[i].m.lo)
			return true;
	da_zero(f, sizeof *f);
	if (!header || n_known == DA_MODULE_MAX || !da_image_read_at(header, &scratch.image) ||
	    !describe(&f->m, &scratch.image, true))
		return true;
	da_copy(scratch.name, "[vdso]", sizeof "[vdso]");
	return add_found(s, DA_MODULE_VDSO);
}

/* Whether the pc can lie in the entry's object: no other's load bias lies between the two. */
static bool may_hold(const struct scan *s, const struct entry *e)
{
	uintptr_t dynamic = (uintptr_t)e->link.l_ld;

	if (!e->link.l_addr)
		return (s->pc > dynamic ? s->pc - dynamic : dynamic - s->pc) < OBJECT_REACH;
	for (uint32_t i = 0; i < s->n; i++)
		if (entries[i].link.l_addr > e->link.l_addr && entries[i].link.l_addr <= s->pc)
			return false;
	return s->pc >= e->link.l_addr;
}

/* @return as add_entry(). */
static bool drop_gone(struct scan *s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n_known; i++) {
		if (!s->lost && !known[i].listed) {
			s->lost = !da_modules_tell_unload(s->thread, known[i].m.id);
			if (!s->lost) {
				s->gone = s->changed = true;
				continue;
			}
		}
		if (kept != i)
			known[kept] = known[i];
		kept++;
	}
	n_known = kept;
	return !s->lost;
}

/*
 * Where only a look tells what is there (DA_PEEK_PROBE), a library is not read before its code has
 * been met on a stack: then it stays, while one that is just being loaded may fail to.
 */
static bool add_new(struct scan *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct entry *e = &entries[i];

		if (e->is_known)
			continue;
		if (s->way == DA_PEEK_PROBE && !e->lasting && !may_hold(s, e))
			s->skipped = true;
		else if (!add_entry(s, e))
			return false;
	}
	return !s->whole || add_vdso(s);
}

static void install(bool gone)
{
	struct da_module_table *table = &da_shim.modules;

	__atomic_add_fetch(&table->sequence, 1, __ATOMIC_ACQ_REL);
	for (uint32_t i = 0; i < n_known; i++)
		table->modules[i] = known[i].m;
	table->n = n_known;
	table->generation += gone;
	__atomic_add_fetch(&table->sequence, 1, __ATOMIC_ACQ_REL);
}

static void end_scan(void)
{
	bool was_probing = __atomic_exchange_n(&probing, 0, __ATOMIC_SEQ_CST);

	if (was_probing && __atomic_load_n(&closing, __ATOMIC_SEQ_CST))
		da_sys_futex_wake(&probing);
	__atomic_store_n(&scanning, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST))
		da_sys_futex_wake(&scanning);
}

static bool take_scan(uint32_t tid, uint32_t *owner_out)
{
	*owner_out = 0;
	return __atomic_compare_exchange_n(&scanning, owner_out, tid, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

/* Another thread scans, and may find what this one wants to know: give it a moment. */
static void wait_for_scan(uint32_t tid)
{
	uint32_t owner;

	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	owner = __atomic_load_n(&scanning, __ATOMIC_SEQ_CST);
	if (owner && owner != tid)
		da_sys_futex_wait(&scanning, owner, WAIT_MS);
	__atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
}

/* Become the one thread that scans. */
static bool begin_scan(uint32_t tid)
{
	uint32_t owner = 0;

	if (!take_scan(tid, &owner)) {
		if (owner != tid)
			return false;
		/* left by a jump out of a signal handler, who knows where: tell all anew */
		n_known = 0;
		tail.at = NULL;
		__atomic_add_fetch(&da_shim.modules.sequence, da_shim.modules.sequence & 1,
				   __ATOMIC_ACQ_REL);
		da_modules_touch();
	}
	if (da_linkmap_is_consistent(&da_shim.linkmap))
		return true;
	end_scan();
	return false;
}

void da_modules_begin_close(void)
{
	uint32_t self = (uint32_t)da_sys_gettid();

	__atomic_add_fetch(&closing, 1, __ATOMIC_SEQ_CST);
	for (uint32_t n = 0; n < MOST_WAITS; n++) {
		if (!__atomic_load_n(&probing, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&scanning, __ATOMIC_RELAXED) == self)
			return;
		da_sys_futex_wait(&probing, 1, WAIT_MS);
	}
}

void da_modules_end_close(void)
{
	uint32_t n = __atomic_load_n(&closing, __ATOMIC_RELAXED);

	/* 0 when a child of fork has begun anew in the middle */
	while (n && !__atomic_compare_exchange_n(&closing, &n, n - 1, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
		;
	da_modules_touch();
}

/* The table has a module for the pc: in its place, or gone silently (@there_out). */
static bool is_in_table(uintptr_t pc, bool *there_out)
{
	struct da_module *m = &scratch.module;

	*there_out = false;
	if (!pc || (!da_module_find(&da_shim.modules, pc - 1, m) &&
		    !da_module_find(&da_shim.modules, pc, m)))
		return false;
	*there_out = da_module_is_there(m);
	return true;
}

static enum da_modules_result scan(struct scan *s)
{
	bool done = read_list(s);

	if (done) {
		match(s);
		done = drop_gone(s) && add_new(s);
	}
	tail.at = NULL;
	if (done && !s->skipped)
		tail = entries[s->n - 1];
	if (s->changed)
		install(s->gone);
	if (!done)
		da_modules_touch();
	if (s->lost)
		return DA_MODULES_LOST;
	return s->changed ? DA_MODULES_CHANGED : done ? DA_MODULES_SAME : DA_MODULES_BUSY;
}

enum da_modules_result da_modules_scan(struct da_thread *t, uintptr_t pc)
{
	struct scan s = { .thread = t, .pc = pc };
	enum da_modules_result result = DA_MODULES_SAME;
	bool in_table, there;

	if (pc && __atomic_load_n(&scanning, __ATOMIC_RELAXED))
		wait_for_scan(t->tid);
	if (!known || !entries || !begin_scan(t->tid))
		return DA_MODULES_BUSY;
	in_table = is_in_table(pc, &there);
	s.whole = __atomic_exchange_n(&stale, 0, __ATOMIC_ACQ_REL) || !tail.at ||
		  (in_table && !there);
	if (s.whole || has_grown())
		result = scan(&s);
	if (result == DA_MODULES_SAME && there)
		result = DA_MODULES_CHANGED;
	end_scan();
	return result;
}
