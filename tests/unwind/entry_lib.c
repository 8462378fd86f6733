/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exported functions behind assembly entries, built as the shim is: -fPIC -shared -nostdlib. */
#include "entry.h"

/* What the entry saved at the last call, and the arguments that arrived. */
__attribute__((visibility("default"))) struct da_unwind_start entry_seen;
__attribute__((visibility("default"))) uintptr_t entry_args[4];

DA_ENTRY_TARGET uintptr_t da_entry_probe(uintptr_t a, uintptr_t b, uintptr_t c,
					 const struct da_unwind_start *start);
DA_ENTRY_TARGET void da_entry_probe_void(uintptr_t a, uintptr_t b, uintptr_t c,
					 const struct da_unwind_start *start);

DA_ENTRY(probe)
DA_ENTRY(probe_void)

static void remember(uintptr_t a, uintptr_t b, uintptr_t c, const struct da_unwind_start *start)
{
	volatile uintptr_t *to = (uintptr_t *)&entry_seen;
	const uintptr_t *from = (const uintptr_t *)start;

	for (unsigned i = 0; i < sizeof(*start) / sizeof(*from); i++)
		to[i] = from[i];
	entry_args[0] = a;
	entry_args[1] = b;
	entry_args[2] = c;
	entry_args[3] = (uintptr_t)__builtin_frame_address(0);
}

uintptr_t da_entry_probe(uintptr_t a, uintptr_t b, uintptr_t c, const struct da_unwind_start *start)
{
	remember(a, b, c, start);
	return a + b + c;
}

void da_entry_probe_void(uintptr_t a, uintptr_t b, uintptr_t c, const struct da_unwind_start *start)
{
	remember(a, b, c, start);
}
