/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/gcc.h"

#include "unwind/trail.h"

/* <unwind.h>, Itanium C++ ABI: the types are those of the word size. */
struct context;
typedef int callback_fn(struct context *, void *);
typedef int backtrace_fn(callback_fn *, void *);
typedef uintptr_t get_ip_info_fn(struct context *, int *ip_before_insn_out);

#define URC_NO_REASON 0
#define URC_END_OF_STACK 5

struct walk {
	struct da_unwind *u;
	uintptr_t start_pc;
	get_ip_info_fn *get_ip_info;
	bool started;
	/* The last pc was 0: how libgcc reports the end of a stack whose end is known. */
	bool complete;
};

/* A module that the table does not have yet: not needed for the walk, but for its names. */
static void look_for_module(struct da_unwind *u, uintptr_t pc)
{
	struct da_module m;

	if (!u->unknown_pc && !da_module_find(u->modules, pc - 1, &m))
		u->unknown_pc = pc;
}

static int on_frame(struct context *context, void *arg)
{
	struct walk *w = arg;
	struct da_unwind *u = w->u;
	int before = 0;
	uintptr_t pc = w->get_ip_info(context, &before);

	if (!w->started && pc != w->start_pc)
		return URC_NO_REASON;
	w->started = true;
	if (pc == 0) {
		w->complete = true;
		return URC_NO_REASON;
	}
	if (u->n == u->max_depth) {
		u->end = DA_UNWIND_END_DEPTH;
		return URC_END_OF_STACK;
	}
	look_for_module(u, pc);
	u->pcs[u->n] = pc;
	u->exact[u->n] = before != 0;
	u->n++;
	return URC_NO_REASON;
}

/* libgcc comes from the inside: hash it so, and list it from the outside. */
static void hash_and_reverse(struct da_unwind *u)
{
	u->hash = 0;
	for (uint32_t i = 0; i < u->n; i++)
		u->hash = da_trail_roll(u->hash, u->pcs[i], u->exact[i]);
	u->hash = da_trail_end_hash(u->hash, u->end);
	for (uint32_t i = 0, j = u->n; i + 1 < j; i++) {
		uintptr_t pc = u->pcs[i];
		uint8_t exact = u->exact[i];

		u->pcs[i] = u->pcs[--j];
		u->exact[i] = u->exact[j];
		u->pcs[j] = pc;
		u->exact[j] = exact;
	}
}

void da_gcc_walk(struct da_unwind *u, const struct da_unwind_start *start)
{
	struct walk w = {
		.u = u,
		.start_pc = start->pc,
		.get_ip_info = (get_ip_info_fn *)u->gcc_get_ip_info,
	};

	da_trail_grow(u);
	u->is_listed = true;
	u->end = DA_UNWIND_END_NO_RULE;
	if (u->gcc_backtrace && u->gcc_get_ip_info)
		((backtrace_fn *)u->gcc_backtrace)(on_frame, &w);
	if (u->n == 0)
		da_unwind_first_only(u, start, DA_UNWIND_END_NO_RULE);
	else if (w.complete)
		u->end = DA_UNWIND_END_COMPLETE;
	hash_and_reverse(u);
}
