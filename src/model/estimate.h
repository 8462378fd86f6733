/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * What the sampled blocks of a site say of all its blocks (Horvitz and Thompson, 1952). A block of
 * n bytes was sampled with the probability p = 1 - exp(-n / mean), independently of all others, so
 * it stands for 1/p blocks. Over the sampled blocks of a site,
 *
 *     blocks = sum of 1/p             bytes = sum of n/p
 *     variance = sum of (1-p)/p^2     variance = sum of n^2 (1-p)/p^2
 *
 * and all four are unbiased: on average they are the site's true values, and the true variance of
 * its estimates.
 */
#ifndef DA_MODEL_ESTIMATE_H
#define DA_MODEL_ESTIMATE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "model/model.h"

/** Estimated blocks and bytes. */
struct da_estimate {
	double blocks, bytes;
	double blocks_variance, bytes_variance;
};

/** All of a site's. Its own fields (struct da_model_site) count what was sampled. */
struct da_estimate_site {
	struct da_estimate alloc, live, peak, old, temporary;
};

/** What one sampled block of @size bytes stands for. A block of 0 bytes stands for itself. */
struct da_estimate da_estimate_of(uint64_t size, uint32_t mean);

/** @to += @e, or with @sign -1: @to -= @e. */
static inline void da_estimate_add(struct da_estimate *to, const struct da_estimate *e, int sign)
{
	to->blocks += sign * e->blocks;
	to->bytes += sign * e->bytes;
	to->blocks_variance += sign * e->blocks_variance;
	to->bytes_variance += sign * e->bytes_variance;
}

/**
 * Make a site for the report: @site with the estimates in the place of what was sampled, which
 * @sampled_out gets together with the variances; site->sampled will point there.
 */
void da_estimate_scale(struct da_model_site *site, const struct da_estimate_site *e,
		       struct da_model_sampled *sampled_out);

#endif
