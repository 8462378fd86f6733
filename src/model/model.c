/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

#include "codec/header.h"
#include "model/stacks.h"

void da_model_options_init(struct da_model_options *o)
{
	*o = (struct da_model_options){
		.word_bits = 64,
		.max_size = UINT64_MAX,
		.to_ns = UINT64_MAX,
		.max_blocks = DA_MODEL_BLOCKS,
	};
}

void da_model_options_take(struct da_model_options *o, const struct da_header *h)
{
	o->word_bits = h->word_bits == 32 ? 32 : 64;
	o->sample = h->sample;
	o->is_filtered = h->min_size > 0 || h->max_size < UINT64_MAX;
}

uint32_t da_model_frames(const struct da_model *m, const struct da_model_site *site,
			 struct da_model_frame *frames)
{
	uint32_t id = site->stack;

	for (uint32_t i = 0; i < site->depth; i++)
		id = da_stacks_get(m->stacks, id, &frames[i]);
	return site->depth;
}
