/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/module.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/sys.h"
#include "cpu.h"

uint32_t da_module_tables_type(void)
{
	return DA_CPU_TABLES;
}

/* The module with the greatest lo <= @pc, of @n sorted ones; NULL when @pc is below all. */
static const struct da_module *last_not_above(const struct da_module *m, uint32_t n, uintptr_t pc)
{
	uint32_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (m[mid].lo <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &m[lo - 1] : NULL;
}

bool da_module_find(const struct da_module_table *t, uintptr_t pc, struct da_module *out)
{
	uint32_t sequence = __atomic_load_n(&t->sequence, __ATOMIC_ACQUIRE);
	const struct da_module *m;

	if (sequence & 1)
		return false;
	m = last_not_above(t->modules, t->n, pc);
	if (!m)
		return false;
	da_copy(out, m, sizeof(*out));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&t->sequence, __ATOMIC_RELAXED) == sequence && pc < out->hi;
}

bool da_module_is_there(const struct da_module *m)
{
	long r = 1;

	if (m->witness)
		r = da_sys_compare((const uint32_t *)m->witness, m->witness_value);
	return r == 1 || r == -ENOSYS;
}
