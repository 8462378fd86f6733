/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Rules in eight bytes, as the cache and the trail keep them: offsets in words, not bytes. */
#ifndef DA_UNWIND_PACKED_H
#define DA_UNWIND_PACKED_H

#include "cpu.h"
#include "unwind/rule.h"

/**
 * @head: kind (3 bits), base (2), flags (5), CFA offset (22, signed). @tail: return address offset
 * (16, signed), fp offset (16, signed); with DA_CPU_FP2 12, 12 and fp2_words in the lowest 8.
 * Zero-filled is DA_RULE_NONE.
 */
struct da_packed {
	uint32_t head, tail;
};

#define DA_PACKED_WORD ((int32_t)sizeof(uintptr_t))
#define DA_PACKED_KIND 7u
#define DA_PACKED_BASE_SHIFT 3
#define DA_PACKED_FLAGS_SHIFT 5
#define DA_PACKED_CFA_SHIFT 10
#define DA_PACKED_RA_SHIFT (DA_CPU_FP2 ? 8 : 0)
#define DA_PACKED_FP_SHIFT (DA_CPU_FP2 ? 20 : 16)
#define DA_PACKED_BITS (DA_CPU_FP2 ? 12 : 16)

/**
 * A kind of packed rules alone: a DA_RULE_FRAME that the fast path may execute. Its base is sp or
 * fp, it has no flags but FP_SAVED and CHECK, and what it reads lies below the CFA. Without
 * FP_SAVED the fp offset is that of the return address, so that there is always a word to read.
 */
#define DA_PACKED_PLAIN 5u

/** The CFA offset of a packed rule, in words. */
static inline int32_t da_packed_cfa(struct da_packed p)
{
	return (int32_t)p.head >> DA_PACKED_CFA_SHIFT;
}

/** The offset of the return address, in words. */
static inline int32_t da_packed_ra(struct da_packed p)
{
	return (int32_t)(p.tail << (32 - DA_PACKED_BITS - DA_PACKED_RA_SHIFT)) >>
	       (32 - DA_PACKED_BITS);
}

/** The offset of the saved fp, in words. */
static inline int32_t da_packed_fp(struct da_packed p)
{
	return (int32_t)p.tail >> DA_PACKED_FP_SHIFT;
}

/** Whether the rule has all of @flags (DA_RULE_FP_SAVED, ...). */
static inline bool da_packed_has(struct da_packed p, unsigned flags)
{
	return (p.head >> DA_PACKED_FLAGS_SHIFT & flags) == flags;
}

/** Whether the rule is of @kind: DA_PACKED_PLAIN or one of enum da_rule_kind. */
static inline bool da_packed_is(struct da_packed p, unsigned kind)
{
	return (p.head & DA_PACKED_KIND) == kind;
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
