/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * All distinct stacks of a replay as one tree, each node a frame, its parent the caller. The roots
 * are the reasons why walks ended, so that equal frames with different ends stay apart. About 25
 * bytes a node.
 */
#ifndef DA_MODEL_STACKS_H
#define DA_MODEL_STACKS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "model/model.h"

struct da_stack_node {
	da_addr vaddr;
	uint32_t parent;
	uint32_t module_exact; /**< module << 1 | exact */
};

/** Frames without a module that may still get one (see da_stacks_adopt()). */
#define DA_STACKS_UNKNOWN_MAX 1024

struct da_stacks {
	struct da_stack_node *nodes; /**< @n of them; the first DA_MODEL_ENDS are roots */
	size_t n, cap;
	uint32_t *slots; /**< node ids, 0: empty */
	size_t mask; /**< slots - 1 */
	uint64_t mul; /**< hash multiplier of this process */
	uint32_t unknown[DA_STACKS_UNKNOWN_MAX];
	size_t n_unknown;
};

/** What was mapped at run-time addresses lo … hi - 1: vaddr = (address - bias) & mask. */
struct da_stacks_range {
	da_addr lo, hi, bias, mask;
	uint32_t module;
};

/** Make @s hold only the roots. */
void da_stacks_init(struct da_stacks *s);

/** Free its memory. */
void da_stacks_deinit(struct da_stacks *s);

/** The root for a walk that ended so (enum da_unwind_end). */
static inline uint32_t da_stacks_root(uint8_t end)
{
	return end < DA_MODEL_ENDS ? end : DA_MODEL_ENDS - 1;
}

/** The node of @frame called from @parent: the old one, or a new one. */
uint32_t da_stacks_put(struct da_stacks *s, uint32_t parent, const struct da_model_frame *frame);

/** The frame of node @id (not a root). @return its caller's node. */
uint32_t da_stacks_get(const struct da_stacks *s, uint32_t id, struct da_model_frame *frame_out);

/**
 * Give frames without a module that lie in @range to it: the shim notices a mapping late, so that
 * stacks may come before the module they run in. Only frames since the last da_stacks_settle()
 * count, and no more than DA_STACKS_UNKNOWN_MAX.
 */
void da_stacks_adopt(struct da_stacks *s, const struct da_stacks_range *range);

/** A module has gone: frames without a module may have been in it, and stay without one. */
void da_stacks_settle(struct da_stacks *s);

#endif
