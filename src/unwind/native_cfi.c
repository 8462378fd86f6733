/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native_cfi.h"

/* glibc's longest __start (MIPS o32) calls at +72; musl's are shorter. */
#define ENTRY_BYTES 128

void da_native_cfi_find(const struct da_query *q, struct da_cfi_registers reg,
			struct da_rule *rule_out)
{
	const struct da_module *m = q->module;
	struct da_cfi cfi = {
		.image = {
			.bytes = (const uint8_t *)m->eh_lo,
			.lo = m->eh_lo,
			.size = m->eh_hi - m->eh_lo,
			.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
			.word = sizeof(uintptr_t),
		},
		.hdr = m->eh_frame_hdr,
		.hdr_size = m->eh_frame_hdr_size,
		.reg = reg,
	};

	da_cfi_find(&cfi, q->exact ? q->pc : q->pc - 1, rule_out);
	if (rule_out->kind == DA_RULE_NONE && da_native_is_entry(q)) /* the dynamic linker's */
		*rule_out = (struct da_rule){ .kind = DA_RULE_END };
}

bool da_native_is_entry(const struct da_query *q)
{
	/* A call just before the entry point, by which main() may end, returns to that. */
	uintptr_t in = q->exact ? q->pc : q->pc - 1;

	return q->module->entry != 0 && in - q->module->entry < ENTRY_BYTES;
}
