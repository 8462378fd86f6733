/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stacks.h"

#include <assert.h>
#include <stdlib.h>

#include "ds/mem.h"
#include "ds/random.h"
#include "ds/vec.h"

#define NO_MODULE (DA_MODEL_NO_MODULE >> 1)
#define FIRST_SLOTS 1024

void da_stacks_init(struct da_stacks *s)
{
	*s = (struct da_stacks){ .n = DA_MODEL_ENDS, .mask = FIRST_SLOTS - 1 };
	s->nodes = da_vec_reserve(NULL, &s->cap, FIRST_SLOTS, sizeof(*s->nodes));
	for (size_t i = 0; i < DA_MODEL_ENDS; i++)
		s->nodes[i] = (struct da_stack_node){ .parent = (uint32_t)i };
	s->slots = da_xcalloc(FIRST_SLOTS, sizeof(*s->slots));
	s->mul = da_random_multiplier();
}

void da_stacks_deinit(struct da_stacks *s)
{
	free(s->nodes);
	free(s->slots);
	*s = (struct da_stacks){ 0 };
}

static size_t home(const struct da_stacks *s, const struct da_stack_node *n)
{
	uint64_t h = (n->vaddr ^ (uint64_t)n->module_exact << 40) * s->mul;

	h = (h ^ h >> 32 ^ n->parent) * s->mul;
	return (size_t)(h >> 32) & s->mask;
}

static bool is_same(const struct da_stack_node *a, const struct da_stack_node *b)
{
	return a->vaddr == b->vaddr && a->parent == b->parent && a->module_exact == b->module_exact;
}

/* The slot that holds a node equal to @n, or the empty one where it belongs. */
static size_t slot_of(const struct da_stacks *s, const struct da_stack_node *n)
{
	size_t i = home(s, n);

	while (s->slots[i] && !is_same(&s->nodes[s->slots[i]], n))
		i = (i + 1) & s->mask;
	return i;
}

static void grow(struct da_stacks *s)
{
	free(s->slots);
	s->mask = s->mask * 2 + 1;
	s->slots = da_xcalloc(s->mask + 1, sizeof(*s->slots));
	for (size_t id = DA_MODEL_ENDS; id < s->n; id++) {
		size_t i = slot_of(s, &s->nodes[id]);

		if (!s->slots[i])
			s->slots[i] = (uint32_t)id;
	}
}

static uint32_t add(struct da_stacks *s, size_t slot, const struct da_stack_node *node)
{
	uint32_t id = (uint32_t)s->n;

	assert(s->n < UINT32_MAX);
	s->nodes = da_vec_reserve(s->nodes, &s->cap, s->n + 1, sizeof(*s->nodes));
	s->nodes[s->n++] = *node;
	s->slots[slot] = id;
	if (node->module_exact >> 1 == NO_MODULE && s->n_unknown < DA_STACKS_UNKNOWN_MAX)
		s->unknown[s->n_unknown++] = id;
	if (s->n > s->mask - s->mask / 4)
		grow(s);
	return id;
}

uint32_t da_stacks_put(struct da_stacks *s, uint32_t parent, const struct da_model_frame *frame)
{
	struct da_stack_node node = {
		.vaddr = frame->vaddr,
		.parent = parent,
		.module_exact = frame->module << 1 | frame->exact,
	};
	size_t slot = slot_of(s, &node);

	return s->slots[slot] ? s->slots[slot] : add(s, slot, &node);
}

uint32_t da_stacks_get(const struct da_stacks *s, uint32_t id, struct da_model_frame *frame_out)
{
	const struct da_stack_node *n = &s->nodes[id];
	uint32_t module = n->module_exact >> 1;

	frame_out->module = module == NO_MODULE ? DA_MODEL_NO_MODULE : module;
	frame_out->vaddr = n->vaddr;
	frame_out->exact = n->module_exact & 1;
	return n->parent;
}

/* Take the node in @gap out of the table; later ones of its run move back (as in ds/map.c). */
static void remove_slot(struct da_stacks *s, size_t gap)
{
	size_t i = gap;

	for (;;) {
		i = (i + 1) & s->mask;
		if (!s->slots[i])
			break;
		if (((i - home(s, &s->nodes[s->slots[i]])) & s->mask) < ((i - gap) & s->mask))
			continue;
		s->slots[gap] = s->slots[i];
		gap = i;
	}
	s->slots[gap] = 0;
}

static void move_to_module(struct da_stacks *s, uint32_t id, const struct da_stacks_range *range)
{
	struct da_stack_node *n = &s->nodes[id];
	size_t slot = slot_of(s, n);

	if (s->slots[slot] == id)
		remove_slot(s, slot);
	n->vaddr = (n->vaddr - range->bias) & range->mask;
	n->module_exact = range->module << 1 | (n->module_exact & 1);
	slot = slot_of(s, n);
	/* an equal node is there when the module was mapped before: two nodes then mean the same */
	if (!s->slots[slot])
		s->slots[slot] = id;
}

void da_stacks_adopt(struct da_stacks *s, const struct da_stacks_range *range)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_unknown; i++) {
		const struct da_stack_node *n = &s->nodes[s->unknown[i]];
		/* a return address may be the first byte behind its module */
		da_addr pc = n->vaddr - !(n->module_exact & 1);

		if (pc >= range->lo && pc < range->hi)
			move_to_module(s, s->unknown[i], range);
		else
			s->unknown[kept++] = s->unknown[i];
	}
	s->n_unknown = kept;
}

void da_stacks_settle(struct da_stacks *s)
{
	s->n_unknown = 0;
}
