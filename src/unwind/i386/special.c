/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/i386/special.h"

#include "base/bytes.h"

/*
 * struct sigcontext_32: gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip.
 * It lies behind the signal number, or in the ucontext behind three arguments and the siginfo. sp
 * is as the handler's return left it: pretcode is popped.
 */
#define RULE(context)                                                           \
	{                                                                       \
		.kind = DA_RULE_SIGNAL, .cfa_offset = (context) + 7 * 4,        \
		.ra_offset = (context) + 14 * 4, .fp_offset = (context) + 6 * 4 \
	}

static const struct da_rule plain_rule = RULE(4);
static const struct da_rule siginfo_rule = RULE(3 * 4 + 128 + 5 * 4);

/* popl %eax; movl $119, %eax; int $0x80 */
static const uint8_t sigreturn[8] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };
/* movl $173, %eax; int $0x80 */
static const uint8_t rt_sigreturn[7] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80 };

/* @n bytes of text at @pc, or NULL. */
static const uint8_t *bytes_at(const struct da_image *text, da_addr pc, size_t n)
{
	if (pc < text->lo || pc - text->lo > text->size || text->size - (pc - text->lo) < n)
		return NULL;
	return text->bytes + (size_t)(pc - text->lo);
}

bool da_i386_find_signal(const struct da_image *text, da_addr pc, struct da_rule *rule_out)
{
	const uint8_t *plain = bytes_at(text, pc, sizeof sigreturn);
	const uint8_t *rt = bytes_at(text, pc, sizeof rt_sigreturn);

	if (plain && da_bytes_equal(plain, sigreturn, sizeof sigreturn))
		*rule_out = plain_rule;
	else if (rt && da_bytes_equal(rt, rt_sigreturn, sizeof rt_sigreturn))
		*rule_out = siginfo_rule;
	else
		return false;
	return true;
}

/* call rel32 (e8), or call r/m (ff /2 in its lengths of 2, 3, 4, 6 and 7). */
bool da_i386_is_return(const struct da_image *text, da_addr pc)
{
	static const uint8_t lengths[] = { 2, 3, 4, 6, 7 };
	const uint8_t *b = bytes_at(text, pc - 5, 5);
	struct da_rule rule;

	if (b && b[0] == 0xe8)
		return true;
	for (unsigned i = 0; i < sizeof lengths; i++) {
		b = bytes_at(text, pc - lengths[i], 2);
		if (b && b[0] == 0xff && (b[1] & 0x38) == 0x10)
			return true;
	}
	return da_i386_find_signal(text, pc, &rule);
}
