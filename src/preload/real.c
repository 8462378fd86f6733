/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/real.h"

#include "base/bytes.h"
#include "preload/image.h"

struct da_real da_real;

/* Where each function goes; names that a libc may lack are allowed to stay NULL. */
static const struct {
	const char *name;
	void *slot;
} wanted[] = {
	{ "calloc", &da_real.calloc },
	{ "realloc", &da_real.realloc },
	{ "reallocarray", &da_real.reallocarray },
	{ "free", &da_real.free },
	{ "free_sized", &da_real.free_sized },
	{ "free_aligned_sized", &da_real.free_aligned_sized },
	{ "aligned_alloc", &da_real.aligned_alloc },
	{ "memalign", &da_real.memalign },
	{ "posix_memalign", &da_real.posix_memalign },
	{ "valloc", &da_real.valloc },
	{ "pvalloc", &da_real.pvalloc },
	{ "malloc_usable_size", &da_real.malloc_usable_size },
	{ "dlclose", &da_real.dlclose },
	{ "_exit", &da_real._exit },
	{ "__errno_location", &da_real.errno_location },
	{ "pthread_key_create", &da_real.key_create },
	{ "pthread_setspecific", &da_real.set_specific },
	{ "__register_atfork", &da_real.register_atfork },
	{ "pthread_atfork", &da_real.atfork },
	/* the last: once it is there, everybody takes the table as filled */
	{ "malloc", &da_real.malloc },
};

/* The executable segment that holds @target, of @m or the objects after it. */
static struct da_text_range find_text(const struct link_map *m, uintptr_t target)
{
	static struct da_image image; /* large, and start is one thread's */

	for (; m; m = m->l_next) {
		if (!da_image_read(DA_PEEK_PLAIN, m, &image))
			continue;
		for (unsigned i = 0; i < image.n_phdrs; i++) {
			const ElfW(Phdr) *p = &image.phdrs[i];
			uintptr_t lo = m->l_addr + p->p_vaddr;

			if (p->p_type == PT_LOAD && p->p_flags & PF_X && target >= lo &&
			    target - lo < p->p_memsz)
				return (struct da_text_range){ lo, lo + p->p_memsz };
		}
	}
	return (struct da_text_range){ 0, 0 };
}

bool da_real_init(const struct da_linkmap *l)
{
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		void *p = da_linkmap_find_next(l, wanted[i].name);

		da_copy(wanted[i].slot, &p, sizeof p);
	}
	if (!da_real.malloc || !da_real.calloc || !da_real.realloc || !da_real.free) {
		da_real.malloc = NULL;
		return false;
	}
	da_real.text = find_text(l->self->l_next, (uintptr_t)da_real.malloc);
	da_real.shim_text = find_text(l->self, (uintptr_t)&da_real_init);
	return true;
}

int da_real_errno(void)
{
	return da_real.errno_location ? *da_real.errno_location() : 0;
}

void da_real_set_errno(int value)
{
	if (da_real.errno_location)
		*da_real.errno_location() = value;
}
