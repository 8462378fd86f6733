/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/modules.h"

#include <stdlib.h>
#include <string.h>

#include "ds/vec.h"

#define KEY_MAX (DA_STREAM_MAX_TEXT + 1 + DA_STREAM_MAX_BUILD_ID)

/* The number of the file: one per path and build-id. */
static uint32_t file_of(struct da_modules *m, const struct da_event *event)
{
	char key[KEY_MAX];
	uint32_t path_len = event->module.path_len, id_len = event->module.build_id_len;

	memcpy(key, event->module.path, path_len);
	key[path_len] = '\0';
	memcpy(key + path_len + 1, event->module.build_id, id_len);
	if (m->n_files < DA_MODULES_FILES_MAX)
		return da_intern_put(&m->names, key, path_len + 1 + id_len);
	uint32_t file = DA_MODULES_FILES_MAX;
	da_intern_find(&m->names, key, path_len + 1 + id_len, &file);
	return file;
}

static void add_file(struct da_modules *m, const struct da_event *event)
{
	size_t bytes = event->module.n_segments * sizeof(struct da_segment);
	struct da_segment *segments = da_arena_alloc(&m->arena, bytes);
	const char *key = da_intern_get(&m->names, (uint32_t)m->n_files);

	memcpy(segments, event->module.segments, bytes);
	m->files = da_vec_reserve(m->files, &m->files_cap, m->n_files + 1, sizeof(*m->files));
	m->files[m->n_files++] = (struct da_model_module){
		.path = key,
		.path_len = event->module.path_len,
		.build_id = event->module.build_id_len ?
				    (const uint8_t *)key + event->module.path_len + 1 :
				    NULL,
		.build_id_len = event->module.build_id_len,
		.role = event->module.role,
		.n_segments = event->module.n_segments,
		.segments = segments,
		.first_load_order = event->order,
	};
}

/* From the lowest to the highest byte of the segments: nothing else is mapped in between. */
static bool range_of(const struct da_modules *m, const struct da_event *event,
		     struct da_stacks_range *range)
{
	uint64_t lo = UINT64_MAX, hi = 0;

	for (uint32_t i = 0; i < event->module.n_segments; i++) {
		const struct da_segment *s = &event->module.segments[i];
		uint64_t end;

		if (!s->memsz || __builtin_add_overflow(s->vaddr, s->memsz, &end))
			continue;
		lo = s->vaddr < lo ? s->vaddr : lo;
		hi = end > hi ? end : hi;
	}
	if (lo >= hi)
		return false;
	range->bias = event->module.bias;
	range->mask = m->mask;
	range->lo = (lo + range->bias) & m->mask;
	return !__builtin_add_overflow(range->lo, hi - lo, &range->hi) && hi - lo <= m->mask;
}

/* Index of the first mapping that ends above @pc. */
static size_t first_above(const struct da_modules *m, da_addr pc)
{
	size_t lo = 0, hi = m->n_mapped;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->mapped[mid].range.hi <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void remove_mappings(struct da_modules *m, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		m->files[m->mapped[i].range.module].unloads++;
	memmove(m->mapped + at, m->mapped + at + n, (m->n_mapped - at - n) * sizeof(*m->mapped));
	m->n_mapped -= n;
}

static const struct da_stacks_range *insert(struct da_modules *m,
					    const struct da_modules_mapping *mapping)
{
	size_t at = first_above(m, mapping->range.lo), n = 0;

	while (at + n < m->n_mapped && m->mapped[at + n].range.lo < mapping->range.hi)
		n++;
	if (n)
		remove_mappings(m, at, n);
	if (m->n_mapped == DA_MODULES_MAPPED_MAX)
		return NULL;
	m->mapped = da_vec_reserve(m->mapped, &m->mapped_cap, m->n_mapped + 1, sizeof(*m->mapped));
	memmove(m->mapped + at + 1, m->mapped + at, (m->n_mapped - at) * sizeof(*m->mapped));
	m->mapped[at] = *mapping;
	m->n_mapped++;
	return &m->mapped[at].range;
}

const struct da_stacks_range *da_modules_load(struct da_modules *m, const struct da_event *event)
{
	struct da_modules_mapping mapping = { .id = event->module.id };
	uint32_t file = file_of(m, event);

	if (file == DA_MODULES_FILES_MAX)
		return NULL;
	if (file == m->n_files)
		add_file(m, event);
	m->files[file].loads++;
	m->files[file].bias = event->module.bias;
	mapping.range.module = file;
	return range_of(m, event, &mapping.range) ? insert(m, &mapping) : NULL;
}

bool da_modules_unload(struct da_modules *m, uint64_t id)
{
	for (size_t i = 0; i < m->n_mapped; i++)
		if (m->mapped[i].id == id) {
			remove_mappings(m, i, 1);
			return true;
		}
	return false;
}

const struct da_stacks_range *da_modules_find(struct da_modules *m, da_addr pc)
{
	size_t at = m->last;

	if (at >= m->n_mapped || pc < m->mapped[at].range.lo || pc >= m->mapped[at].range.hi)
		at = first_above(m, pc);
	if (at == m->n_mapped || pc < m->mapped[at].range.lo)
		return NULL;
	m->last = at;
	return &m->mapped[at].range;
}

void da_modules_deinit(struct da_modules *m)
{
	free(m->mapped);
	free(m->files);
	da_intern_deinit(&m->names);
	da_arena_deinit(&m->arena);
	*m = (struct da_modules){ 0 };
}
