/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Rule sources that the architectures share: a loaded module's CFI, and the entry point. */
#ifndef DA_UNWIND_NATIVE_CFI_H
#define DA_UNWIND_NATIVE_CFI_H

#include "unwind/cfi.h"
#include "unwind/native.h"

/**
 * da_cfi_find() on the module of @q in this process: at q->pc if exact, else one byte before it.
 * Reads only [eh_lo, eh_hi).
 */
void da_native_cfi_find(const struct da_query *q, struct da_cfi_registers reg,
			struct da_rule *rule_out);

/**
 * Whether q->pc lies in the few instructions of the program's entry point. libc's start code has
 * no caller, and not every libc says so in CFI.
 */
bool da_native_is_entry(const struct da_query *q);

#endif
