/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/wrappers.h"

#include <stdlib.h>
#include <string.h>

/* Whole names without parameters. Sorted by strcmp(). */
static const char *const names[] = {
	"CRYPTO_malloc",
	"CRYPTO_realloc",
	"CRYPTO_zalloc",
	"_IO_vasprintf",
	"__asprintf",
	"__asprintf_chk",
	"__getdelim",
	"__libc_calloc",
	"__libc_malloc",
	"__libc_memalign",
	"__libc_realloc",
	"__rdl_alloc",
	"__rdl_alloc_zeroed",
	"__rdl_realloc",
	"__rust_alloc",
	"__rust_alloc_zeroed",
	"__rust_realloc",
	"__strdup",
	"__strndup",
	"__vasprintf_chk",
	"__vasprintf_internal",
	"_int_malloc",
	"aligned_alloc",
	"asprintf",
	"calloc",
	"g_malloc",
	"g_malloc0",
	"g_malloc0_n",
	"g_malloc_n",
	"g_memdup",
	"g_memdup2",
	"g_realloc",
	"g_realloc_n",
	"g_slice_alloc",
	"g_slice_alloc0",
	"g_strdup",
	"g_strdup_printf",
	"g_strdup_vprintf",
	"g_strndup",
	"g_try_malloc",
	"g_try_malloc0",
	"g_vasprintf",
	"getdelim",
	"getline",
	"malloc",
	"memalign",
	"operator new",
	"operator new[]",
	"posix_memalign",
	"pvalloc",
	"realloc",
	"reallocarray",
	"safe_malloc",
	"strdup",
	"strndup",
	"valloc",
	"vasprintf",
	"wcsdup",
	"xcalloc",
	"xmalloc",
	"xmallocz",
	"xmemdup",
	"xmemdup0",
	"xrealloc",
	"xstrdup",
	"xstrndup",
	"xzalloc",
};

/* Beginnings of names: families with many members. */
static const char *const prefixes[] = {
	"__gnu_cxx::new_allocator<",
	"std::__new_allocator<",
	"std::allocator<",
	"std::allocator_traits<",
	"std::__allocate_guarded<",
	"std::pmr::",
	"std::_Vector_base<",
	"_Znw",
	"_Zna",
	"alloc::alloc::",
	"alloc::raw_vec::",
	"<alloc::alloc::Global as ",
};

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

/* @name up to its parameter list, when it has one and fits @buf. */
static bool cut_parameters(const char *name, char *buf, size_t size)
{
	size_t n = strcspn(name, "(");

	if (n >= size)
		return false;
	memcpy(buf, name, n);
	buf[n] = '\0';
	return true;
}

bool da_wrappers_has(const char *name)
{
	char plain[64];

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return cut_parameters(name, plain, sizeof plain) &&
	       bsearch(plain, names, sizeof names / sizeof *names, sizeof *names, compare);
}
