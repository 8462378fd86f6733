/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A preload that walks the stack at each allocation, as the shim does and with its walker, and
 * tells the emulator the result (walk.h). Linked with nothing, so that it goes with each libc.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "entry.h"
#include "unwind/unwind.h"
#include "walk.h"

#define MAX_MODULES 256
#define POOL_BYTES (64u << 20)
/* The main thread's stack as qemu makes it, at most. */
#define MAIN_STACK (64u << 20)

/* One thread's. */
struct state {
	struct da_unwind u;
	struct da_module_table table;
	uintptr_t stack_lo;
	uint64_t known_adds, known_subs;
	struct da_module modules[MAX_MODULES], trampolines;
	struct truth_walk result;
};

static __thread struct state *mine;
static __thread bool busy;

/* Memory for the states, and for what dlsym() allocates while it looks for malloc(). */
static _Alignas(16) uint8_t pool[POOL_BYTES];
static uint32_t pool_used;

static void *take(size_t size)
{
	uint32_t n = (uint32_t)(size + 15) & ~15u;
	uint32_t at = __atomic_fetch_add(&pool_used, n, __ATOMIC_RELAXED);

	return at + n <= POOL_BYTES ? pool + at : NULL;
}

static bool is_pooled(const void *p)
{
	return (const uint8_t *)p >= pool && (const uint8_t *)p < pool + POOL_BYTES;
}

void truth_mark(const struct truth_walk *walk);
__asm__(".pushsection .text\n"
	"	.set	push\n"
	"	.set	nomips16\n"
	"	.set	nomicromips\n"
	"	.set	noreorder\n"
	"	.p2align 2\n"
	"	.globl	truth_mark\n"
	"	.hidden	truth_mark\n"
	"	.type	truth_mark, @function\n"
	"	.ent	truth_mark\n"
	"truth_mark:\n"
	"	.word	0x24007a51\n"
	"	jr	$31\n"
	"	nop\n"
	"	.end	truth_mark\n"
	"	.set	pop\n"
	"	.popsection\n");

/* ---- the modules ------------------------------------------------------------------------------ */

static void add_segment(struct da_module *m, const struct dl_phdr_info *info, const ElfW(Phdr) * p)
{
	uintptr_t lo = info->dlpi_addr + p->p_vaddr;

	if (p->p_type == PT_GNU_EH_FRAME) {
		m->eh_frame_hdr = lo;
		m->eh_frame_hdr_size = p->p_memsz;
	}
	if (p->p_type != PT_LOAD)
		return;
	if (m->hi == 0)
		m->lo = lo;
	m->hi = lo + p->p_memsz;
	if ((p->p_flags & PF_X) && !(p->p_flags & PF_W)) {
		m->text_lo = lo;
		m->text_hi = lo + p->p_filesz;
	}
}

static void find_eh(struct da_module *m, const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t lo = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type != PT_LOAD || m->eh_frame_hdr < lo ||
		    m->eh_frame_hdr >= lo + info->dlpi_phdr[i].p_filesz)
			continue;
		m->eh_lo = lo;
		m->eh_hi = lo + info->dlpi_phdr[i].p_filesz;
	}
}

static void insert(struct state *s, const struct da_module *m)
{
	unsigned at = s->table.n;

	if (m->hi == 0 || s->table.n == MAX_MODULES)
		return;
	for (; at > 0 && s->modules[at - 1].lo > m->lo; at--)
		s->modules[at] = s->modules[at - 1];
	s->modules[at] = *m;
	s->table.n++;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct state *s = arg;
	struct da_module m = { .id = s->table.n, .bias = info->dlpi_addr };
	uintptr_t entry = getauxval(AT_ENTRY);

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		add_segment(&m, info, &info->dlpi_phdr[i]);
	find_eh(&m, info);
	if (entry >= m.text_lo && entry < m.text_hi)
		m.entry = entry;
	insert(s, &m);
	return 0;
}

/* A line of /proc/self/maps: "LO-HI r-xp ... 0" without a name is qemu's page of trampolines. */
static void add_trampolines(struct state *s, const char *line)
{
	struct da_module m = { .id = s->table.n };
	uintptr_t bounds[2] = { 0, 0 };
	unsigned at = 0;

	for (unsigned i = 0; i < 2; i++, at++) {
		for (; line[at] && line[at] != '-' && line[at] != ' '; at++)
			bounds[i] = bounds[i] * 16 + (unsigned)(line[at] & 15) +
				    (line[at] > '9' ? 9 : 0);
	}
	if (strncmp(line + at, "r-xp", 4) || strchr(line, '/') || strchr(line, '['))
		return;
	m.lo = m.text_lo = bounds[0];
	m.hi = m.text_hi = bounds[1];
	s->trampolines = m;
}

/*
 * A kernel's trampolines are in the vdso, which the shim knows as a module. qemu 7.2 has no vdso,
 * but an anonymous page.
 */
static void read_maps(struct state *s)
{
	char line[512];
	unsigned n = 0;
	int fd = open("/proc/self/maps", O_RDONLY);

	while (fd >= 0 && read(fd, line + n, 1) == 1) {
		if (line[n] != '\n') {
			n += n < sizeof(line) - 2;
			continue;
		}
		line[n] = 0;
		n = 0;
		add_trampolines(s, line);
	}
	close(fd);
}

static void read_modules(struct state *s)
{
	s->table.n = 0;
	s->table.generation++;
	dl_iterate_phdr(add_module, s);
	if (s->trampolines.hi == 0)
		read_maps(s);
	insert(s, &s->trampolines);
}

static int changed(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct state *s = arg;
	bool same = info->dlpi_adds == s->known_adds && info->dlpi_subs == s->known_subs;

	(void)size;
	s->known_adds = info->dlpi_adds;
	s->known_subs = info->dlpi_subs;
	return same ? 1 : 2;
}

/* ---- the walk --------------------------------------------------------------------------------- */

static void find_stack(struct state *s)
{
	pthread_attr_t a;
	void *lowest;
	size_t size;

	if (getpid() == gettid()) {
		s->u.stack_hi = (getauxval(AT_EXECFN) | 0xfff) + 1;
		s->stack_lo = s->u.stack_hi - MAIN_STACK;
		return;
	}
	if (pthread_getattr_np(pthread_self(), &a))
		return;
	pthread_attr_getstack(&a, &lowest, &size);
	pthread_attr_destroy(&a);
	s->stack_lo = (uintptr_t)lowest;
	s->u.stack_hi = (uintptr_t)lowest + size;
}

static struct state *get_state(void)
{
	struct state *s = mine;
	const char *mode = getenv("TRUTH_MODE");
	void *memory;

	if (s)
		return s;
	s = take(sizeof(*s));
	memory = take(da_unwind_bytes(TRUTH_DEPTH));
	if (!s || !memory)
		return NULL;
	s->table.modules = s->modules;
	da_unwind_init(&s->u, memory, TRUTH_DEPTH);
	s->u.modules = &s->table;
	s->u.mode = mode ? (enum da_unwind_mode)(*mode - '0') : DA_UNWIND_AUTO;
	find_stack(s);
	read_modules(s);
	mine = s;
	return s;
}

static void walk(struct state *s, const struct da_unwind_start *start)
{
	if (start->sp < s->stack_lo || start->sp >= s->u.stack_hi) {
		da_unwind_first_only(&s->u, start, DA_UNWIND_END_FOREIGN_STACK);
		return;
	}
	if (dl_iterate_phdr(changed, s) == 2)
		read_modules(s);
	da_unwind_walk(&s->u, start);
	da_unwind_list(&s->u);
	if (s->u.unknown_pc) {
		read_modules(s);
		da_unwind_walk(&s->u, start);
		da_unwind_list(&s->u);
	}
}

static void probe(const struct da_unwind_start *start)
{
	int error = errno;
	struct state *s;

	if (busy)
		return;
	busy = true;
	s = get_state();
	if (s) {
		walk(s, start);
		s->result.sp = start->sp;
		s->result.end = s->u.end;
		s->result.entry = getauxval(AT_ENTRY);
		s->result.n = s->u.n;
		for (uint32_t i = 0; i < s->u.n; i++) {
			s->result.frames[i].pc = s->u.pcs[s->u.n - 1 - i];
			s->result.frames[i].exact = s->u.exact[s->u.n - 1 - i];
		}
		truth_mark(&s->result);
	}
	busy = false;
	errno = error;
}

/* ---- the interposed functions ----------------------------------------------------------------- */

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_memalign)(size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void (*real_free)(void *);
static bool found;

/* @return false while it is being looked for: dlsym() may allocate. */
static bool find_real(void)
{
	static bool looking;

	if (found)
		return true;
	if (looking)
		return false;
	looking = true;
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&real_memalign = dlsym(RTLD_NEXT, "memalign");
	*(void **)&real_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	*(void **)&real_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	*(void **)&real_free = dlsym(RTLD_NEXT, "free");
	found = true;
	return true;
}

DA_ENTRY(malloc)
DA_ENTRY(calloc)
DA_ENTRY(realloc)
DA_ENTRY(memalign)
DA_ENTRY(aligned_alloc)
DA_ENTRY(posix_memalign)

#define TARGET DA_ENTRY_TARGET
TARGET void *da_entry_malloc(size_t n, uintptr_t b, uintptr_t c, const struct da_unwind_start *s);
TARGET void *da_entry_calloc(size_t n, size_t m, uintptr_t c, const struct da_unwind_start *s);
TARGET void *da_entry_realloc(void *p, size_t n, uintptr_t c, const struct da_unwind_start *s);
TARGET void *da_entry_memalign(size_t a, size_t n, uintptr_t c, const struct da_unwind_start *s);
TARGET void *da_entry_aligned_alloc(size_t a, size_t n, uintptr_t c,
				    const struct da_unwind_start *s);
TARGET int da_entry_posix_memalign(void **p, size_t a, size_t n, const struct da_unwind_start *s);
__attribute__((visibility("default"))) void free(void *p);

void *da_entry_malloc(size_t n, uintptr_t b, uintptr_t c, const struct da_unwind_start *s)
{
	(void)b;
	(void)c;
	if (!find_real())
		return take(n);
	probe(s);
	return real_malloc(n);
}

void *da_entry_calloc(size_t n, size_t m, uintptr_t c, const struct da_unwind_start *s)
{
	(void)c;
	if (!find_real())
		return take(n * m);
	probe(s);
	return real_calloc(n, m);
}

void *da_entry_realloc(void *p, size_t n, uintptr_t c, const struct da_unwind_start *s)
{
	void *q;

	(void)c;
	if (!find_real())
		return take(n);
	probe(s);
	if (!is_pooled(p))
		return real_realloc(p, n);
	q = real_malloc(n);
	for (size_t i = 0; q && i < n && (uint8_t *)p + i < pool + POOL_BYTES; i++)
		((volatile uint8_t *)q)[i] = ((uint8_t *)p)[i];
	return q;
}

void *da_entry_memalign(size_t a, size_t n, uintptr_t c, const struct da_unwind_start *s)
{
	(void)c;
	if (find_real())
		probe(s);
	return real_memalign(a, n);
}

void *da_entry_aligned_alloc(size_t a, size_t n, uintptr_t c, const struct da_unwind_start *s)
{
	(void)c;
	if (find_real())
		probe(s);
	return real_aligned_alloc(a, n);
}

int da_entry_posix_memalign(void **p, size_t a, size_t n, const struct da_unwind_start *s)
{
	if (find_real())
		probe(s);
	return real_posix_memalign(p, a, n);
}

void free(void *p)
{
	if (p && !is_pooled(p) && find_real())
		real_free(p);
}
