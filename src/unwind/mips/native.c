/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "unwind/cfi.h"
#include "unwind/native_cfi.h"

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	return pc % 4 == 0 && pc - 8 >= m->text_lo && pc <= m->text_hi;
}

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	if (attempt > 0)
		return false;
	rule_out->kind = DA_RULE_END;
	if (!da_native_is_entry(q))
		da_native_cfi_find(q, DA_CFI_MIPS, rule_out);
	return true;
}
