/* SPDX-License-Identifier: GPL-3.0-or-later */
/** How often each block size was asked for: exact for up to DA_MODEL_SIZES distinct sizes, those
 * met later in classes by power of two. */
#ifndef DA_MODEL_SIZES_H
#define DA_MODEL_SIZES_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "ds/map.h"
#include "model/model.h"

/** Sizes below this need no lookup. */
#define DA_SIZES_SMALL 1024

struct da_sizes {
	uint64_t small[DA_SIZES_SMALL]; /**< calls by size */
	struct da_map large; /**< size to calls */
	struct da_model_size classes[64]; /**< [k]: sizes met in 2^k … 2^(k+1) - 1 */
	size_t n_classes;
};

/** Make it empty. */
void da_sizes_init(struct da_sizes *s);

/** Free its memory. */
void da_sizes_deinit(struct da_sizes *s);

/** da_sizes_put() of a size that is not small. */
void da_sizes_put_large(struct da_sizes *s, uint64_t size);

/** Count one call. */
static inline void da_sizes_put(struct da_sizes *s, uint64_t size)
{
	if (size < DA_SIZES_SMALL)
		s->small[size]++;
	else
		da_sizes_put_large(s, size);
}

/** Most entries that da_sizes_get() writes now. */
size_t da_sizes_count(const struct da_sizes *s);

/** Write the entries by size. @return how many. */
size_t da_sizes_get(const struct da_sizes *s, struct da_model_size *sizes);

#endif
