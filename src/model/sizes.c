/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/sizes.h"

#include <stdlib.h>

void da_sizes_init(struct da_sizes *s)
{
	*s = (struct da_sizes){ 0 };
	da_map_init(&s->large, sizeof(uint64_t));
}

void da_sizes_deinit(struct da_sizes *s)
{
	da_map_deinit(&s->large);
}

static void put_class(struct da_sizes *s, uint64_t size)
{
	struct da_model_size *c = &s->classes[63 - __builtin_clzll(size)];

	if (!c->calls++) {
		c->size = c->size_max = size;
		s->n_classes++;
	}
	c->size = size < c->size ? size : c->size;
	c->size_max = size > c->size_max ? size : c->size_max;
}

void da_sizes_put_large(struct da_sizes *s, uint64_t size)
{
	uint64_t *calls = da_map_find(&s->large, size);

	if (!calls && s->large.n < DA_MODEL_SIZES - DA_SIZES_SMALL)
		calls = da_map_put(&s->large, size, NULL);
	if (calls)
		++*calls;
	else
		put_class(s, size);
}

size_t da_sizes_count(const struct da_sizes *s)
{
	return DA_SIZES_SMALL + s->large.n + s->n_classes;
}

static int by_size(const void *a, const void *b)
{
	const struct da_model_size *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->size_max < y->size_max ? -1 : x->size_max > y->size_max;
}

size_t da_sizes_get(const struct da_sizes *s, struct da_model_size *sizes)
{
	const uint64_t *calls;
	size_t n = 0, at = 0;
	uint64_t size;

	for (size = 0; size < DA_SIZES_SMALL; size++)
		if (s->small[size])
			sizes[n++] = (struct da_model_size){ size, size, s->small[size] };
	while ((calls = da_map_next(&s->large, &at, &size)))
		sizes[n++] = (struct da_model_size){ size, size, *calls };
	for (int k = 0; k < 64; k++)
		if (s->classes[k].calls)
			sizes[n++] = s->classes[k];
	qsort(sizes, n, sizeof(*sizes), by_size);
	return n;
}
