/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/format.h"

static const char *const lost_names[DA_LOST_COUNT] = {
	[DA_LOST_FULL] = "full",           [DA_LOST_REENTRANT] = "reentrant",
	[DA_LOST_NO_MEMORY] = "no_memory", [DA_LOST_NO_RECORDER] = "no_recorder",
	[DA_LOST_EARLY] = "early",         [DA_LOST_TORN] = "torn",
};

static const char *const func_names[DA_FUNC_COUNT] = {
	[DA_FUNC_MALLOC] = "malloc",
	[DA_FUNC_CALLOC] = "calloc",
	[DA_FUNC_REALLOC] = "realloc",
	[DA_FUNC_REALLOCARRAY] = "reallocarray",
	[DA_FUNC_ALIGNED_ALLOC] = "aligned_alloc",
	[DA_FUNC_MEMALIGN] = "memalign",
	[DA_FUNC_POSIX_MEMALIGN] = "posix_memalign",
	[DA_FUNC_VALLOC] = "valloc",
	[DA_FUNC_PVALLOC] = "pvalloc",
	[DA_FUNC_FREE] = "free",
	[DA_FUNC_CFREE] = "cfree",
	[DA_FUNC_FREE_SIZED] = "free_sized",
	[DA_FUNC_FREE_ALIGNED_SIZED] = "free_aligned_sized",
};

const char *da_lost_name(uint64_t reason)
{
	return reason < DA_LOST_COUNT ? lost_names[reason] : "unknown";
}

const char *da_func_name(uint64_t func)
{
	return func < DA_FUNC_COUNT ? func_names[func] : "unknown";
}
