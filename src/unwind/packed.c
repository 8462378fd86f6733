/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/packed.h"

#define PLAIN_FLAGS (DA_RULE_FP_SAVED | DA_RULE_CHECK)

static bool fits(int32_t words, unsigned bits)
{
	return words >= -(1 << (bits - 1)) && words < 1 << (bits - 1);
}

/* The fast kind of @r, else its own. */
static uint32_t kind_of(const struct da_rule *r)
{
	bool saved = r->flags & DA_RULE_FP_SAVED;

	if (r->kind != DA_RULE_FRAME || r->base > DA_RULE_FP || r->flags & ~PLAIN_FLAGS ||
	    (DA_CPU_FP2 && r->fp2_words) || r->ra_offset >= 0 ||
	    (DA_CPU_RA_AT && r->ra_offset != DA_CPU_RA_AT) || (saved && r->fp_offset >= 0))
		return r->kind;
	if (r->base == DA_RULE_FP)
		return DA_PACKED_FP;
	if (r->cfa_offset + r->ra_offset < 0 || (saved && r->cfa_offset + r->fp_offset < 0))
		return r->kind;
	return DA_PACKED_SP;
}

bool da_packed_put(struct da_packed *out, const struct da_rule *r)
{
	uint32_t kind = kind_of(r);
	int32_t cfa = r->cfa_offset / DA_PACKED_WORD;
	int32_t ra = r->ra_offset / DA_PACKED_WORD;
	int32_t fp = r->fp_offset / DA_PACKED_WORD;

	if ((r->cfa_offset | r->ra_offset | r->fp_offset) % DA_PACKED_WORD ||
	    !fits(cfa, DA_PACKED_CFA_BITS) || !fits(ra, DA_PACKED_BITS) ||
	    !fits(fp, DA_PACKED_BITS))
		return false;
	if (kind != r->kind && !(r->flags & DA_RULE_FP_SAVED))
		fp = ra;
	out->head = kind | (uint32_t)r->base << DA_PACKED_BASE_SHIFT |
		    (uint32_t)r->flags << DA_PACKED_FLAGS_SHIFT |
		    (uint32_t)cfa << DA_PACKED_CFA_SHIFT;
	out->tail = ((uint32_t)ra & ((1u << DA_PACKED_BITS) - 1)) << DA_PACKED_RA_SHIFT |
		    (uint32_t)fp << DA_PACKED_FP_SHIFT | (DA_CPU_FP2 ? r->fp2_words : 0);
	return true;
}

void da_packed_get(struct da_packed p, struct da_rule *out)
{
	unsigned kind = da_packed_kind(p);

	out->kind = kind >= DA_PACKED_SP ? DA_RULE_FRAME : (uint8_t)kind;
	out->base = p.head >> DA_PACKED_BASE_SHIFT & 3;
	out->flags = p.head >> DA_PACKED_FLAGS_SHIFT & 31;
	out->fp2_words = DA_CPU_FP2 ? (uint8_t)p.tail : 0;
	out->cfa_offset = (int32_t)da_packed_cfa(p);
	out->ra_offset = (int32_t)da_packed_ra(p);
	out->fp_offset = (int32_t)da_packed_fp(p);
}
