/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Rules in eight bytes, as the cache and the trail keep them: offsets in words, not bytes. */
#ifndef DA_UNWIND_PACKED_H
#define DA_UNWIND_PACKED_H

#include "cpu.h"
#include "unwind/rule.h"

/**
 * @head: kind (3 bits), base (2), flags (5), 3 bits that are the walker's, CFA offset (19, signed).
 * @tail: return address offset (16, signed), fp offset (16, signed); with DA_CPU_FP2 12, 12 and
 * fp2_words in the lowest 8. Zero-filled is DA_RULE_NONE.
 */
struct da_packed {
	uint32_t head, tail;
};

/* Where a CPU's calls put the return address, relative to the CFA; 0: that depends. */
#ifndef DA_CPU_RA_AT
#define DA_CPU_RA_AT 0
#endif

#define DA_PACKED_WORD ((int32_t)sizeof(uintptr_t))
#define DA_PACKED_KIND 7u
#define DA_PACKED_BASE_SHIFT 3
#define DA_PACKED_FLAGS_SHIFT 5
#define DA_PACKED_STATE_SHIFT 10
#define DA_PACKED_CFA_SHIFT 13
#define DA_PACKED_CFA_BITS 19
#define DA_PACKED_RA_SHIFT (DA_CPU_FP2 ? 8 : 0)
#define DA_PACKED_FP_SHIFT (DA_CPU_FP2 ? 20 : 16)
#define DA_PACKED_BITS (DA_CPU_FP2 ? 12 : 16)

/**
 * Kinds of packed rules alone: a DA_RULE_FRAME that the fast path may execute, from sp or from fp.
 * It has no flags but FP_SAVED and CHECK; what it reads lies below the CFA and, from sp, not below
 * sp. Without FP_SAVED the fp offset is that of the return address, so that there is always a word
 * to read.
 */
#define DA_PACKED_SP 5u
#define DA_PACKED_FP 6u

/** The CFA offset of a packed rule, in bytes. */
static inline intptr_t da_packed_cfa(struct da_packed p)
{
	return ((intptr_t)(int32_t)p.head >> DA_PACKED_CFA_SHIFT) * DA_PACKED_WORD;
}

/** da_packed_cfa() of a rule whose walker's bits are 0: one operation, no more. */
static inline intptr_t da_packed_plain_cfa(struct da_packed p)
{
	return (intptr_t)(int32_t)p.head >> (DA_PACKED_CFA_SHIFT - (DA_PACKED_WORD == 8 ? 3 : 2));
}

/** The offset of the return address, in bytes. */
static inline intptr_t da_packed_ra(struct da_packed p)
{
	return (intptr_t)((int32_t)(p.tail << (32 - DA_PACKED_BITS - DA_PACKED_RA_SHIFT)) >>
			  (32 - DA_PACKED_BITS)) *
	       DA_PACKED_WORD;
}

/** The offset of the saved fp, in bytes. */
static inline intptr_t da_packed_fp(struct da_packed p)
{
	return ((intptr_t)(int32_t)p.tail >> DA_PACKED_FP_SHIFT) * DA_PACKED_WORD;
}

/** da_packed_ra() of a DA_PACKED_SP or DA_PACKED_FP. */
static inline intptr_t da_packed_fast_ra(struct da_packed p)
{
	return DA_CPU_RA_AT ? DA_CPU_RA_AT : da_packed_ra(p);
}

/** Whether the rule has all of @flags (DA_RULE_FP_SAVED, ...). */
static inline bool da_packed_has(struct da_packed p, unsigned flags)
{
	return (p.head >> DA_PACKED_FLAGS_SHIFT & flags) == flags;
}

/** DA_PACKED_SP, DA_PACKED_FP or one of enum da_rule_kind. */
static inline unsigned da_packed_kind(struct da_packed p)
{
	return p.head & DA_PACKED_KIND;
}

/** Whether the rule starts from @base. */
static inline bool da_packed_uses(struct da_packed p, enum da_rule_base base)
{
	return (p.head >> DA_PACKED_BASE_SHIFT & 3) == base;
}

/** @return false when an offset has no room (frames of megabytes) or is no whole word. */
bool da_packed_put(struct da_packed *out, const struct da_rule *rule);

/** The rule that was packed. */
void da_packed_get(struct da_packed p, struct da_rule *rule_out);

#endif
