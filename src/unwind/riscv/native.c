/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

/* No rules for this CPU: da_unwind_walk() uses _Unwind_Backtrace. */

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	(void)q;
	(void)attempt;
	rule_out->kind = DA_RULE_NONE;
	return false;
}

bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	(void)m;
	(void)pc;
	return false;
}
