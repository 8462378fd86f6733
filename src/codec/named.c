/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/named.h"

void da_named_init(struct da_named_index *s, struct da_named_large *large)
{
	s->ring = s->first_ring;
	s->at = s->first_at;
	s->mask = DA_NAMED_FIRST - 1;
	s->shift = 32 - 6;
	_Static_assert(2 * DA_NAMED_FIRST == 1u << 6, "the first index is half full");
	s->large = large;
	da_named_clear(s);
}

void da_named_clear(struct da_named_index *s)
{
	s->n = s->base = 0;
}

void da_named_grow(struct da_named_index *s)
{
	if (!s->large || s->ring == s->large->ring)
		return;
	s->ring = s->large->ring;
	s->at = s->large->at;
	s->mask = DA_EVENT_NAMED - 1;
	s->shift = 32 - 10;
	_Static_assert(2 * DA_EVENT_NAMED == 1u << 10, "the index is half full");
	s->base = s->n;
}
