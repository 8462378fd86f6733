/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/merge.h"

#include <stdlib.h>

#include "ds/vec.h"

static void sift_down(struct da_merge *m, const struct da_merge_entry *entry)
{
	size_t i = 0, child;
	struct da_merge_entry e = *entry;

	while ((child = 2 * i + 1) < m->n) {
		if (child + 1 < m->n && m->entries[child + 1].key < m->entries[child].key)
			child++;
		if (e.key <= m->entries[child].key)
			break;
		m->entries[i] = m->entries[child];
		i = child;
	}
	m->entries[i] = e;
}

void da_merge_push(struct da_merge *m, struct da_lane *lane)
{
	struct da_merge_entry e = { da_lane_key(lane), lane };
	size_t i = m->n++;

	m->entries = da_vec_reserve(m->entries, &m->cap, m->n, sizeof(*m->entries));
	for (; i && m->entries[(i - 1) / 2].key > e.key; i = (i - 1) / 2)
		m->entries[i] = m->entries[(i - 1) / 2];
	m->entries[i] = e;
}

void da_merge_pop(struct da_merge *m)
{
	struct da_merge_entry last = m->entries[--m->n];

	if (m->n)
		sift_down(m, &last);
}

void da_merge_update(struct da_merge *m)
{
	struct da_merge_entry top = { da_lane_key(m->entries[0].lane), m->entries[0].lane };

	sift_down(m, &top);
}

uint64_t da_merge_second_key(const struct da_merge *m)
{
	uint64_t key = UINT64_MAX;

	for (size_t i = 1; i < 3 && i < m->n; i++)
		key = m->entries[i].key < key ? m->entries[i].key : key;
	return key;
}

void da_merge_deinit(struct da_merge *m)
{
	free(m->entries);
	*m = (struct da_merge){ 0 };
}
