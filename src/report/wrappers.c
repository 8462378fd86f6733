/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/wrappers.h"

#include <stdlib.h>
#include <string.h>

#include "report/brief.h"

/* What glibc puts before the names that it calls itself by. */
#define GLIBC_INTERNAL "__GI_"

/* Whole names (report/brief.h). Sorted by strcmp(). */
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

/* Beginnings of names: the standard libraries of C++ and Rust, and operator new not demangled. */
static const char *const prefixes[] = {
	"std::",   "__gnu_cxx::", "alloc::", "core::", "hashbrown::",   "<std::", "<alloc::",
	"<core::", "_ZNSt",       "_ZNKSt",  "_ZSt",   "_ZN9__gnu_cxx", "_Zna",   "_Znw",
};

/* Sorted by strcmp(). Of glibc, musl and uClibc. */
static const char *const starts[] = {
	"__GI___clone",
	"__GI___clone3",
	"__clone",
	"__clone3",
	"__libc_start_call_main",
	"__libc_start_main",
	"__libc_start_main_impl",
	"__start",
	"__thread_start",
	"__uClibc_main",
	"_dl_start_user",
	"_start",
	"_start_c",
	"clone",
	"clone3",
	"libc_start_main_stage2",
	"start",
	"start_thread",
	"thread_start",
};

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

bool da_wrappers_is_start(const char *name)
{
	return bsearch(name, starts, sizeof starts / sizeof *starts, sizeof *starts, compare);
}

bool da_wrappers_has_file(const char *path)
{
	return strstr(path, "/include/c++/") != NULL;
}

bool da_wrappers_has(const char *name)
{
	char brief[64]; /* longer than all of the above */

	da_brief(brief, sizeof brief, name);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(brief, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	name = brief;
	if (strncmp(name, GLIBC_INTERNAL, strlen(GLIBC_INTERNAL)) == 0)
		name += strlen(GLIBC_INTERNAL);
	return bsearch(name, names, sizeof names / sizeof *names, sizeof *names, compare);
}
