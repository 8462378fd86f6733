/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interposed functions: C bodies behind the assembly entries of unwind/<arch>/entry.h. Each
 * does what the real one does, and nothing else that the program could notice.
 */
#include <errno.h>
#include <limits.h>

#include "base/bytes.h"
#include "base/sys.h"
#include "entry.h"
#include "preload/boot.h"
#include "preload/direct.h"
#include "preload/modules.h"
#include "preload/real.h"
#include "preload/record.h"
#include "preload/shim.h"
#include "preload/start.h"

#define EXPORT __attribute__((visibility("default")))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PAGE_SIZE_GUESS 4096u

typedef const struct da_unwind_start *where;

/* The assembly entry of @name, and the head of its body. */
#define ENTRY(type, name, parameters)                    \
	DA_ENTRY(name)                                   \
	DA_ENTRY_TARGET type da_entry_##name parameters; \
	type da_entry_##name parameters

/* One allocation that the boot heap serves, because there is no real allocator (yet). */
static void *boot_alloc(size_t align, size_t size)
{
	return da_boot_alloc(align, size); /* without a libc there is no errno either */
}

static bool is_ready(void)
{
	return da_real.malloc || da_start();
}

ENTRY(void *, malloc, (size_t size, size_t b, size_t c, where start))
{
	void *p;

	(void)b, (void)c;
	if (UNLIKELY(!is_ready()))
		return boot_alloc(0, size);
	if (!da_record_enter(start))
		return da_real.malloc(size);
	p = da_real.malloc(size);
	da_record_alloc(DA_FUNC_MALLOC, p, size, start);
	da_record_leave();
	return p;
}

/* Bytes of @n things of @size; SIZE_MAX, which no allocator hands out, when that overflows. */
static size_t product(size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? SIZE_MAX : bytes;
}

ENTRY(void *, calloc, (size_t n, size_t size, size_t c, where start))
{
	void *p;

	(void)c;
	if (UNLIKELY(!is_ready()))
		return boot_alloc(0, product(n, size));
	if (!da_record_enter(start))
		return da_real.calloc(n, size);
	p = da_real.calloc(n, size);
	da_record_alloc(DA_FUNC_CALLOC, p, product(n, size), start);
	da_record_leave();
	return p;
}

/* What is being given back, and by which function. */
struct release {
	enum da_func func;
	void *p;
	size_t align, size;
};

static void real_free(const struct release *r)
{
	if (r->func == DA_FUNC_FREE_SIZED && da_real.free_sized)
		da_real.free_sized(r->p, r->size);
	else if (r->func == DA_FUNC_FREE_ALIGNED_SIZED && da_real.free_aligned_sized)
		da_real.free_aligned_sized(r->p, r->align, r->size);
	else
		da_real.free(r->p);
}

static inline void release(const struct release *r, where start)
{
	if (!r->p || UNLIKELY(da_boot_owns(r->p)) || UNLIKELY(!is_ready()))
		return;
	if (da_record_enter(start)) {
		da_record_free(r->func, r->p, start);
		real_free(r);
		da_record_leave();
	} else {
		real_free(r);
	}
}

ENTRY(void, free, (void *p, size_t b, size_t c, where start))
{
	(void)b, (void)c;
	release(&(struct release){ .func = DA_FUNC_FREE, .p = p }, start);
}

ENTRY(void, cfree, (void *p, size_t b, size_t c, where start))
{
	(void)b, (void)c;
	release(&(struct release){ .func = DA_FUNC_CFREE, .p = p }, start);
}

ENTRY(void, free_sized, (void *p, size_t size, size_t c, where start))
{
	(void)c;
	release(&(struct release){ .func = DA_FUNC_FREE_SIZED, .p = p, .size = size }, start);
}

ENTRY(void, free_aligned_sized, (void *p, size_t align, size_t size, where start))
{
	release(&(struct release){ DA_FUNC_FREE_ALIGNED_SIZED, p, align, size }, start);
}

/* A resizing as the program asked for it. */
struct resize {
	enum da_func func;
	void *p;
	size_t n, size; /* n things of size; n = 1 for realloc */
};

static void *real_resize(const struct resize *r)
{
	if (r->func == DA_FUNC_REALLOC)
		return da_real.realloc(r->p, r->size);
	if (da_real.reallocarray)
		return da_real.reallocarray(r->p, r->n, r->size);
	if (product(r->n, r->size) == SIZE_MAX) {
		da_real_set_errno(ENOMEM);
		return NULL;
	}
	return da_real.realloc(r->p, r->n * r->size);
}

/* A block of the boot heap moves to the real one. */
static void *resize_boot(const struct resize *r, where start)
{
	size_t size = product(r->n, r->size);
	size_t old = da_boot_size(r->p);
	void *p = da_entry_malloc(size, 0, 0, start);

	if (p)
		da_copy(p, r->p, old < size ? old : size);
	return p;
}

/* realloc(p, 0) may free p and return NULL, or hand out a block, or fail: only errno tells. */
static void *resize_recorded(const struct resize *r, where start)
{
	struct da_realloc_result result = { .func = r->func,
					    .old = r->p,
					    .size = product(r->n, r->size) };
	struct da_record_realloc record;
	int saved = da_real_errno();
	void *p;

	da_record_realloc_begin(&record, result.size, start);
	da_real_set_errno(0);
	p = real_resize(r);
	result.new = p;
	result.freed = !p && !result.size && da_real_errno() != ENOMEM;
	if (!da_real_errno())
		da_real_set_errno(saved);
	da_record_realloc_end(&record, &result);
	return p;
}

static void *resize(const struct resize *r, where start)
{
	void *p;

	if (UNLIKELY(da_boot_owns(r->p)))
		return resize_boot(r, start);
	if (UNLIKELY(!is_ready()))
		return boot_alloc(0, product(r->n, r->size));
	if (!da_record_enter(start))
		return real_resize(r);
	if (r->p) {
		p = resize_recorded(r, start);
	} else {
		p = real_resize(r);
		da_record_alloc(r->func, p, product(r->n, r->size), start);
	}
	da_record_leave();
	return p;
}

ENTRY(void *, realloc, (void *p, size_t size, size_t c, where start))
{
	(void)c;
	return resize(&(struct resize){ DA_FUNC_REALLOC, p, 1, size }, start);
}

ENTRY(void *, reallocarray, (void *p, size_t n, size_t size, where start))
{
	return resize(&(struct resize){ DA_FUNC_REALLOCARRAY, p, n, size }, start);
}

static size_t page_size(void)
{
	return da_shim.linkmap.auxv.page_size ? da_shim.linkmap.auxv.page_size : PAGE_SIZE_GUESS;
}

static void *real_memalign(size_t align, size_t size)
{
	return da_real.memalign ? da_real.memalign(align, size) :
				  da_real.aligned_alloc(align, size);
}

static void *real_aligned(enum da_func func, size_t align, size_t size)
{
	size_t page = page_size();

	switch (func) {
	case DA_FUNC_ALIGNED_ALLOC:
		return da_real.aligned_alloc ? da_real.aligned_alloc(align, size) :
					       real_memalign(align, size);
	case DA_FUNC_VALLOC:
		return da_real.valloc ? da_real.valloc(size) : real_memalign(page, size);
	case DA_FUNC_PVALLOC:
		return da_real.pvalloc ? da_real.pvalloc(size) :
					 real_memalign(page, (size + page - 1) & ~(page - 1));
	default: return real_memalign(align, size);
	}
}

static void *aligned(enum da_func func, size_t align, size_t size, where start)
{
	void *p;

	if (UNLIKELY(!is_ready()))
		return boot_alloc(align ? align : page_size(), size);
	if (!da_record_enter(start))
		return real_aligned(func, align, size);
	p = real_aligned(func, align, size);
	da_record_alloc(func, p, size, start);
	da_record_leave();
	return p;
}

ENTRY(void *, aligned_alloc, (size_t align, size_t size, size_t c, where start))
{
	(void)c;
	return aligned(DA_FUNC_ALIGNED_ALLOC, align, size, start);
}

ENTRY(void *, memalign, (size_t align, size_t size, size_t c, where start))
{
	(void)c;
	return aligned(DA_FUNC_MEMALIGN, align, size, start);
}

ENTRY(void *, valloc, (size_t size, size_t b, size_t c, where start))
{
	(void)b, (void)c;
	return aligned(DA_FUNC_VALLOC, 0, size, start);
}

ENTRY(void *, pvalloc, (size_t size, size_t b, size_t c, where start))
{
	(void)b, (void)c;
	return aligned(DA_FUNC_PVALLOC, 0, size, start);
}

static int real_posix_memalign(void **out, size_t align, size_t size)
{
	void *p;
	int saved = da_real_errno();

	if (da_real.posix_memalign)
		return da_real.posix_memalign(out, align, size);
	if (align % sizeof(void *) || !align || align & (align - 1))
		return EINVAL;
	p = real_memalign(align, size);
	da_real_set_errno(saved);
	if (p)
		*out = p;
	return p ? 0 : ENOMEM;
}

ENTRY(int, posix_memalign, (void **out, size_t align, size_t size, where start))
{
	int error;

	if (UNLIKELY(!is_ready())) {
		void *p = boot_alloc(align, size);

		if (p)
			*out = p;
		return p ? 0 : ENOMEM;
	}
	if (!da_record_enter(start))
		return real_posix_memalign(out, align, size);
	error = real_posix_memalign(out, align, size);
	da_record_alloc(DA_FUNC_POSIX_MEMALIGN, error ? NULL : *out, size, start);
	da_record_leave();
	return error;
}

/** malloc_usable_size(3), for blocks of the boot heap too. */
EXPORT size_t malloc_usable_size(void *p);
size_t malloc_usable_size(void *p)
{
	if (!p)
		return 0;
	if (da_boot_owns(p))
		return da_boot_size(p);
	return is_ready() && da_real.malloc_usable_size ? da_real.malloc_usable_size(p) : 0;
}

/** dlclose(3): during it the shim must not look at modules; afterwards another may stand there. */
EXPORT int dlclose(void *handle);
int dlclose(void *handle)
{
	int (*real)(void *) = is_ready() ? da_real.dlclose : NULL;
	bool records = da_shim.gate->on;
	int result;

	if (!real && da_shim.linkmap.self)
		real = (int (*)(void *))da_linkmap_find_next(&da_shim.linkmap, "dlclose");
	if (!real)
		return -1;
	if (!records)
		return real(handle);
	da_modules_begin_close();
	result = real(handle);
	da_modules_end_close();
	return result;
}

static void __attribute__((noreturn)) end_process(int status)
{
	if (da_shim.mode == DA_SHIM_DIRECT && da_shim.gate->on)
		da_direct_finish(DA_END_EXIT, (uint32_t)status & 0xff);
	if (is_ready() && da_real._exit)
		da_real._exit(status);
	da_sys_exit(status);
}

/** _exit(2): direct mode writes what it still holds. */
EXPORT void __attribute__((noreturn)) _exit(int status);
void _exit(int status)
{
	end_process(status);
}

/** quick_exit(3): what its handlers do is written at once, for nothing of ours runs after them. */
EXPORT void __attribute__((noreturn)) quick_exit(int status);
void quick_exit(int status)
{
	void (*real)(int) = NULL;

	if (da_shim.mode == DA_SHIM_DIRECT && da_shim.gate->on)
		da_direct_finish(DA_END_EXIT, (uint32_t)status & 0xff);
	if (is_ready())
		real = (void (*)(int))da_linkmap_find_next(&da_shim.linkmap, "quick_exit");
	if (real)
		real(status);
	end_process(status);
}

/** _Exit(3), as _exit(). */
EXPORT void __attribute__((noreturn)) _Exit(int status);
void _Exit(int status)
{
	end_process(status);
}
