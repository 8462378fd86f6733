/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/native.h"

#include "base/bytes.h"
#include "unwind/cfi.h"
#include "unwind/native_cfi.h"

/*
 * The kernel's struct rt_sigframe as the restorer sees it: sp points to the ucontext, whose
 * registers start at 40 (arch/x86/include/uapi/asm/sigcontext.h: r8-r15, di, si, bp, bx, dx, ax,
 * cx, sp, ip).
 */
static const struct da_rule signal_rule = {
	.kind = DA_RULE_SIGNAL,
	.cfa_offset = 40 + 15 * 8,
	.ra_offset = 40 + 16 * 8,
	.fp_offset = 40 + 10 * 8,
};

/* push %rbp; mov %rsp, %rbp */
static const struct da_rule fp_rule = {
	.kind = DA_RULE_FRAME,
	.base = DA_RULE_FP,
	.flags = DA_RULE_FP_SAVED | DA_RULE_CHECK,
	.cfa_offset = 16,
	.ra_offset = -8,
	.fp_offset = -16,
};

/* [pc + from, pc + from + n) of the module's text, or NULL. */
static const uint8_t *text(const struct da_module *m, uintptr_t pc, int from, size_t n)
{
	uintptr_t at = pc + (uintptr_t)from;

	if (at < m->text_lo || at > m->text_hi || n > m->text_hi - at)
		return NULL;
	return (const uint8_t *)at;
}

/* mov $15, %eax or %rax; syscall: rt_sigreturn of glibc and musl (which has no CFI for it). */
static bool is_sigreturn(const struct da_module *m, uintptr_t pc)
{
	static const uint8_t rax[9] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t eax[7] = { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 };
	const uint8_t *b = text(m, pc, 0, sizeof(rax));

	return b && (da_bytes_equal(b, rax, sizeof(rax)) || da_bytes_equal(b, eax, sizeof(eax)));
}

/* Behind call rel32 (e8) or call r/m (ff /2 in its lengths of 2, 3, 4, 6 and 7). */
bool da_native_is_return(const struct da_module *m, uintptr_t pc)
{
	static const int8_t lengths[] = { 2, 3, 4, 6, 7 };
	const uint8_t *b = text(m, pc, -5, 5);

	if (b && b[0] == 0xe8)
		return true;
	for (unsigned i = 0; i < sizeof(lengths); i++) {
		b = text(m, pc, -lengths[i], 2);
		if (b && b[0] == 0xff && (b[1] & 0x38) == 0x10)
			return true;
	}
	return is_sigreturn(m, pc);
}

static bool from_cfi(const struct da_query *q, struct da_rule *rule_out)
{
	if (!q->exact && is_sigreturn(q->module, q->pc))
		*rule_out = signal_rule;
	else
		da_native_cfi_find(q, DA_CFI_X86_64, rule_out);
	if (rule_out->kind == DA_RULE_SIGNAL)
		*rule_out = signal_rule;
	return true;
}

/*
 * musl's last words, "exit(main(...))": call *reg; mov %eax, %edi; call exit; padding, as nothing
 * comes back. Its code has neither CFI nor frame pointers.
 */
static bool is_libc_start(const struct da_module *m, uintptr_t pc)
{
	const uint8_t *b = text(m, pc, -2, 11);

	return b && m->eh_frame_hdr_size == 0 && b[0] == 0xff && (b[1] & 0xf8) == 0xd0 &&
	       b[2] == 0x89 && b[3] == 0xc7 && b[4] == 0xe8 &&
	       (b[9] == 0x66 || b[9] == 0x0f || b[9] == 0x90);
}

static bool from_fp(const struct da_query *q, struct da_rule *rule_out)
{
	if (da_native_is_entry(q) || (!q->exact && is_libc_start(q->module, q->pc)))
		*rule_out = (struct da_rule){ .kind = DA_RULE_END };
	else
		*rule_out = fp_rule;
	return true;
}

bool da_native_find(const struct da_query *q, unsigned attempt, struct da_rule *rule_out)
{
	bool cfi = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_CFI;
	bool fp = q->mode == DA_UNWIND_AUTO || q->mode == DA_UNWIND_FP;

	if (cfi && attempt == 0)
		return from_cfi(q, rule_out);
	return fp && attempt == cfi && from_fp(q, rule_out);
}
