/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

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

uint32_t da_model_frames(const struct da_model *m, const struct da_model_site *site,
			 struct da_model_frame *frames)
{
	uint32_t id = site->stack;

	for (uint32_t i = 0; i < site->depth; i++)
		id = da_stacks_get(m->stacks, id, &frames[i]);
	return site->depth;
}
