/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/estimate.h"

#include <math.h>

/* 95 of 100 normally distributed values are at most this many standard deviations off. */
#define DEVIATIONS 1.959964

struct da_estimate da_estimate_of(uint64_t size, uint32_t mean)
{
	double n = (double)size, rest = exp(-n / mean), p = -expm1(-n / mean);

	if (!size)
		return (struct da_estimate){ .blocks = 1 };
	return (struct da_estimate){
		.blocks = 1 / p,
		.bytes = n / p,
		.blocks_variance = rest / (p * p),
		.bytes_variance = n / p * (n / p) * rest,
	};
}

static uint64_t whole(double v)
{
	if (!(v > 0))
		return 0;
	return v < 0x1p64 ? (uint64_t)(v + 0.5) : UINT64_MAX;
}

/* Exchange @blocks and @bytes, as sampled, for their estimates. */
static struct da_model_amount scale(uint64_t *blocks, uint64_t *bytes, const struct da_estimate *e)
{
	struct da_model_amount sampled = {
		.blocks = *blocks,
		.bytes = *bytes,
		.blocks_variance = e->blocks_variance,
		.bytes_variance = e->bytes_variance,
	};

	*blocks = sampled.blocks ? whole(e->blocks) : 0;
	*bytes = sampled.blocks ? whole(e->bytes) : 0;
	return sampled;
}

void da_estimate_scale(struct da_model_site *site, const struct da_estimate_site *e,
		       struct da_model_sampled *sampled_out)
{
	uint64_t temporary_bytes = 0;

	sampled_out->alloc = scale(&site->alloc_calls, &site->alloc_bytes, &e->alloc);
	sampled_out->live = scale(&site->live_blocks, &site->live_bytes, &e->live);
	sampled_out->peak = scale(&site->peak_blocks, &site->peak_bytes, &e->peak);
	sampled_out->temporary = scale(&site->temporary_blocks, &temporary_bytes, &e->temporary);
	scale(&site->old_blocks, &site->old_bytes, &e->old);
	site->sampled = sampled_out;
}

static void add_amount(struct da_model_amount *to, const struct da_model_amount *a)
{
	to->blocks += a->blocks;
	to->bytes += a->bytes;
	to->blocks_variance += a->blocks_variance;
	to->bytes_variance += a->bytes_variance;
}

void da_model_sampled_add(struct da_model_sampled *to, const struct da_model_sampled *s)
{
	add_amount(&to->alloc, &s->alloc);
	add_amount(&to->live, &s->live);
	add_amount(&to->peak, &s->peak);
	add_amount(&to->temporary, &s->temporary);
}

uint64_t da_model_error(double variance)
{
	return variance > 0 ? whole(DEVIATIONS * sqrt(variance)) : 0;
}
