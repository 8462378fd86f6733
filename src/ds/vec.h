/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Growing arrays. The array is the caller's typed pointer, its length the caller's counter; this
 * module only makes room:
 *
 *	v->items = da_vec_reserve(v->items, &v->cap, v->n + 1, sizeof(*v->items));
 *	v->items[v->n++] = item;
 */
#ifndef DA_DS_VEC_H
#define DA_DS_VEC_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** da_vec_reserve() when there is too little room. */
void *da_vec_grow(void *items, size_t *cap, size_t need, size_t item_size)
	__attribute__((returns_nonnull, warn_unused_result));

/**
 * Room for at least @need items of @item_size bytes.
 * @items: the array so far (NULL at first), @cap: items it has room for (0 at first), updated.
 * @return the array, perhaps moved; old items are kept, new room is not initialised. free() it.
 */
static inline void *da_vec_reserve(void *items, size_t *cap, size_t need, size_t item_size)
{
	return need <= *cap && items ? items : da_vec_grow(items, cap, need, item_size);
}

#endif
