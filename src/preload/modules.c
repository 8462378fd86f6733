/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/modules.h"

#include "base/bytes.h"
#include "base/sys.h"
#include "preload/lease.h"
#include "preload/shim.h"

#define PATH_BYTES 4096u
#define PAGE ((uintptr_t)4096)
/* How long dlclose() waits for a scan at a time, and how often. */
#define WAIT_MS 10u
#define MOST_WAITS 3000u

/* A module as the scan finds it. Text and notes stay in the module's own memory. */
struct found {
	struct da_module m;
	uint64_t identity; /* of path and build-id: tells a module from another at the same place */
	const ElfW(Phdr) * phdrs;
	unsigned n_phdrs;
	const char *path;
	const uint8_t *build_id;
	uint32_t build_id_len;
	uint8_t role;
};

/*
 * What a scan works with, under its lock: not on the stack, which may be a small one.
 */
static struct {
	struct found found;
	struct da_event event;
	struct da_segment segments[DA_STREAM_MAX_SEGMENTS];
	char path[PATH_BYTES];
} scratch;

static struct found *known, *fresh; /* DA_MODULE_MAX each, sorted by m.lo */
static uint32_t n_known;
static uint32_t next_id;
static uint32_t stale = 1;
static uint32_t scanning; /* tid of the thread that scans, 0: none */
static uint32_t closing; /* atomic: calls of dlclose() that run */

bool da_modules_init(void)
{
	struct da_module *modules = da_sys_map(DA_MODULE_MAX * sizeof *modules);

	known = da_sys_map(DA_MODULE_MAX * sizeof *known);
	fresh = da_sys_map(DA_MODULE_MAX * sizeof *fresh);
	da_shim.modules.modules = modules;
	return modules && known && fresh;
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
	scanning = 0;
	closing = 0;
	/* another thread may have been changing the table when this process was copied */
	da_shim.modules.sequence &= ~1u;
	da_shim.modules.n = 0;
	da_modules_touch();
}

static void add_segment(struct found *f, const ElfW(Phdr) * p)
{
	uintptr_t lo = f->m.bias + p->p_vaddr;
	uintptr_t end = (lo + p->p_memsz + PAGE - 1) & ~(PAGE - 1);

	if (!f->m.hi || (lo & ~(PAGE - 1)) < f->m.lo)
		f->m.lo = lo & ~(PAGE - 1);
	if (end > f->m.hi)
		f->m.hi = end;
	if (p->p_flags & PF_X && !(p->p_flags & PF_W) && !f->m.text_hi) {
		f->m.text_lo = lo;
		f->m.text_hi = lo + p->p_filesz;
	}
}

/* The build-id in a note segment, if it is there (gABI ch. 5, "Note Section"; name GNU, type 3). */
static void read_notes(struct found *f, const ElfW(Phdr) * p)
{
	const uint8_t *n = (const uint8_t *)(f->m.bias + p->p_vaddr);
	const uint8_t *end = n + p->p_filesz;

	while ((size_t)(end - n) >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *h = (const void *)n;
		uint64_t name = ((uint64_t)h->n_namesz + 3) & ~3ull;
		uint64_t desc = ((uint64_t)h->n_descsz + 3) & ~3ull;

		n += sizeof *h;
		if (name + desc > (size_t)(end - n))
			return;
		if (h->n_type == 3 && h->n_namesz == 4 && da_bytes_equal(n, "GNU", 4) &&
		    h->n_descsz <= DA_STREAM_MAX_BUILD_ID) {
			f->build_id = n + name;
			f->build_id_len = h->n_descsz;
			return;
		}
		n += name + desc;
	}
}

static void find_eh_frame(struct found *f, const ElfW(Phdr) * eh)
{
	f->m.eh_frame_hdr = f->m.bias + eh->p_vaddr;
	f->m.eh_frame_hdr_size = eh->p_memsz;
	for (unsigned i = 0; i < f->n_phdrs; i++) {
		const ElfW(Phdr) *p = &f->phdrs[i];

		if (p->p_type == PT_LOAD && eh->p_vaddr - p->p_vaddr < p->p_filesz) {
			f->m.eh_lo = f->m.bias + p->p_vaddr;
			f->m.eh_hi = f->m.eh_lo + p->p_filesz;
		}
	}
}

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u; /* FNV-1a */
	return h;
}

/* @return false for an object without readable program headers. */
static bool describe(struct found *f, const char *path)
{
	f->path = path;
	for (unsigned i = 0; i < f->n_phdrs; i++) {
		const ElfW(Phdr) *p = &f->phdrs[i];

		if (p->p_type == PT_LOAD)
			add_segment(f, p);
		else if (p->p_type == PT_NOTE && !f->build_id)
			read_notes(f, p);
		else if (p->p_type == PT_GNU_EH_FRAME)
			find_eh_frame(f, p);
	}
	f->identity = hash_bytes(0xcbf29ce484222325u, path, da_text_length(path, PATH_BYTES));
	f->identity = hash_bytes(f->identity, f->build_id, f->build_id_len);
	return f->m.hi;
}

static void insert_sorted(uint32_t *n, const struct found *f)
{
	uint32_t i = (*n)++;

	for (; i && fresh[i - 1].m.lo > f->m.lo; i--)
		fresh[i] = fresh[i - 1];
	fresh[i] = *f;
}

static uint8_t role_of(const struct link_map *m)
{
	const struct da_linkmap *l = &da_shim.linkmap;

	if (m == l->debug->r_map)
		return DA_MODULE_EXECUTABLE;
	if (m == l->self)
		return DA_MODULE_SHIM;
	if (l->auxv.vdso && m->l_addr == l->auxv.vdso)
		return DA_MODULE_VDSO;
	return l->auxv.base && m->l_addr == l->auxv.base ? DA_MODULE_LOADER : DA_MODULE_LIBRARY;
}

static const char *path_of(const struct link_map *m, uint8_t role)
{
	if (role == DA_MODULE_VDSO)
		return "[vdso]";
	return m->l_name ? m->l_name : "";
}

static struct found *clean_found(uint8_t role)
{
	da_zero(&scratch.found, sizeof scratch.found);
	scratch.found.role = role;
	return &scratch.found;
}

/* Bytes of a process's vdso image, for a libc that does not list it. */
static void add_vdso(uint32_t *n)
{
	const ElfW(Ehdr) *e = (const void *)da_shim.linkmap.auxv.vdso;
	struct found *f = clean_found(DA_MODULE_VDSO);

	if (!e || *n == DA_MODULE_MAX)
		return;
	f->phdrs = (const void *)((uintptr_t)e + e->e_phoff);
	f->n_phdrs = e->e_phnum;
	f->m.bias = (uintptr_t)e;
	for (unsigned i = 0; i < f->n_phdrs; i++)
		if (f->phdrs[i].p_type == PT_LOAD)
			f->m.bias = (uintptr_t)e - f->phdrs[i].p_vaddr;
	if (describe(f, "[vdso]"))
		insert_sorted(n, f);
}

/* Fill @fresh. @return false when the list was changed meanwhile. */
static bool read_list(uint32_t *n_out)
{
	const struct da_linkmap *l = &da_shim.linkmap;
	const struct link_map *before = NULL;
	bool has_vdso = false;
	uint32_t n = 0;

	for (const struct link_map *m = l->debug->r_map; m && n < DA_MODULE_MAX;
	     before = m, m = m->l_next) {
		struct found *f = clean_found(role_of(m));

		if (m->l_prev != before || !da_linkmap_is_consistent(l))
			return false;
		f->m.bias = m->l_addr;
		f->phdrs = da_linkmap_phdrs(l, m, &f->n_phdrs);
		if (f->role == DA_MODULE_EXECUTABLE)
			f->m.entry = l->auxv.entry;
		has_vdso = has_vdso || f->role == DA_MODULE_VDSO;
		if (f->phdrs && describe(f, path_of(m, f->role)))
			insert_sorted(&n, f);
	}
	if (!has_vdso)
		add_vdso(&n);
	*n_out = n;
	return true;
}

/* Set the path to record: in scratch.path or the module's own text. */
static void set_path(struct da_event *e, const struct found *f)
{
	size_t len = da_text_length(f->path, PATH_BYTES - 1);
	long n;

	e->module.path = f->path;
	e->module.path_len = (uint32_t)len;
	if (f->role == DA_MODULE_EXECUTABLE) {
		const char *name = (const char *)da_shim.linkmap.auxv.execfn;

		n = da_sys_readlink("/proc/self/exe", scratch.path, PATH_BYTES);
		e->module.path = n > 0 ? scratch.path : name;
		e->module.path_len = n > 0 ? (uint32_t)n :
				     name  ? (uint32_t)da_text_length(name, PATH_BYTES - 1) :
					     0;
	} else if (f->role == DA_MODULE_LIBRARY && f->path[0] != '/') {
		n = da_sys_getcwd(scratch.path, PATH_BYTES - len - 1);
		if (n > 1) {
			scratch.path[n - 1] = '/';
			da_copy(scratch.path + n, f->path, len);
			e->module.path = scratch.path;
			e->module.path_len = (uint32_t)(n + (long)len);
		}
	}
}

static uint32_t read_segments(const struct found *f, struct da_segment *segments)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < f->n_phdrs && n < DA_STREAM_MAX_SEGMENTS; i++) {
		const ElfW(Phdr) *p = &f->phdrs[i];

		if (p->p_type == PT_LOAD)
			segments[n++] = (struct da_segment){ p->p_vaddr, p->p_memsz, p->p_offset,
							     p->p_filesz, p->p_flags & 7 };
	}
	return n;
}

static bool write_load(struct da_thread *t, const struct found *f)
{
	struct da_event *e = &scratch.event;
	uint8_t *p;

	set_path(e, f);
	e->module.id = f->m.id;
	e->module.bias = f->m.bias;
	e->module.role = f->role;
	e->module.build_id = f->build_id;
	e->module.build_id_len = f->build_id_len;
	e->module.segments = scratch.segments;
	e->module.n_segments = read_segments(f, scratch.segments);
	p = da_lease_room(t, DA_ENCODE_MODULE_MAX(e->module.path_len, e->module.n_segments));
	if (!p)
		return false;
	e->order = da_order_next(&da_shim.pool->order, t->encoder.order);
	da_lease_commit(t, da_encode_module(&t->encoder, p, e));
	return true;
}

static bool write_unload(struct da_thread *t, const struct found *f)
{
	struct da_event *e = &scratch.event;
	uint8_t *p = da_lease_room(t, DA_ENCODE_EVENT_MAX);

	if (!p)
		return false;
	e->module.id = f->m.id;
	e->order = da_order_next(&da_shim.pool->order, t->encoder.order);
	da_lease_commit(t, da_encode_unload(&t->encoder, p, e));
	return true;
}

static struct found *find_same(struct found *list, uint32_t n, const struct found *f)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].m.lo == f->m.lo && list[i].identity == f->identity)
			return &list[i];
	return NULL;
}

/* @return false when the lease was lost. */
static bool write_changes(struct da_thread *t, uint32_t n, bool *gone, bool *changed)
{
	for (uint32_t i = 0; i < n_known; i++) {
		struct found *same = find_same(fresh, n, &known[i]);

		if (same) {
			same->m.id = known[i].m.id;
		} else {
			*gone = *changed = true;
			if (!write_unload(t, &known[i]))
				return false;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		if (fresh[i].m.id)
			continue;
		*changed = true;
		fresh[i].m.id = ++next_id;
		if (!write_load(t, &fresh[i]))
			return false;
	}
	return true;
}

static void install(uint32_t n, bool gone)
{
	struct da_module_table *table = &da_shim.modules;
	struct found *old = known;

	__atomic_add_fetch(&table->sequence, 1, __ATOMIC_ACQ_REL);
	for (uint32_t i = 0; i < n; i++)
		table->modules[i] = fresh[i].m;
	table->n = n;
	table->generation += gone;
	__atomic_add_fetch(&table->sequence, 1, __ATOMIC_ACQ_REL);
	known = fresh;
	n_known = n;
	fresh = old;
}

/* Become the one thread that scans, unless modules are being unloaded. */
static bool begin_scan(uint32_t tid)
{
	uint32_t owner = 0;

	/* a scan of our own that is still open was left by a jump out of a signal handler */
	if (!__atomic_compare_exchange_n(&scanning, &owner, tid, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED) &&
	    owner != tid)
		return false;
	/* told first, then looked, here and in da_modules_begin_close(): one of the two sees it */
	if (!__atomic_load_n(&closing, __ATOMIC_SEQ_CST) &&
	    da_linkmap_is_consistent(&da_shim.linkmap))
		return true;
	__atomic_store_n(&scanning, 0, __ATOMIC_RELEASE);
	return false;
}

static void end_scan(void)
{
	__atomic_store_n(&scanning, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&closing, __ATOMIC_SEQ_CST))
		da_sys_futex_wake(&scanning);
}

void da_modules_begin_close(void)
{
	uint32_t self = (uint32_t)da_sys_gettid();

	__atomic_add_fetch(&closing, 1, __ATOMIC_SEQ_CST);
	for (uint32_t n = 0; n < MOST_WAITS; n++) {
		uint32_t owner = __atomic_load_n(&scanning, __ATOMIC_SEQ_CST);

		if (!owner || owner == self)
			return;
		da_sys_futex_wait(&scanning, owner, WAIT_MS);
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

bool da_modules_scan(struct da_thread *t, bool *lost_lease_out)
{
	bool gone = false, changed = false, whole;
	uint32_t n;

	*lost_lease_out = false;
	if (!known || !fresh || !begin_scan(t->tid))
		return false;
	__atomic_store_n(&stale, 0, __ATOMIC_RELEASE);
	if (!read_list(&n)) {
		da_modules_touch();
		end_scan();
		return false;
	}
	whole = write_changes(t, n, &gone, &changed);
	if (whole && changed)
		install(n, gone);
	if (!whole)
		da_modules_touch();
	*lost_lease_out = !whole;
	end_scan();
	return whole && changed;
}
