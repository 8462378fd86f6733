/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "model/replay.h"
#include "stream.h"
#include "unwind/unwind.h"

/* A stream that goes straight into a replay. */
static struct stream st;
static struct da_replay *replay;
static struct da_err err;

static void feed(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len)
{
	struct da_replay_piece piece = { .thread = thread, .bytes = bytes, .len = len };

	(void)ctx;
	ck_assert_msg(da_replay_feed(replay, &piece, &err), "%s", err.text);
}

static void setup_with(const struct da_model_options *options)
{
	memset(&st, 0, sizeof(st));
	st.take = feed;
	replay = da_replay_create(options);
}

static void setup(void)
{
	setup_with(NULL);
}

static void teardown(void)
{
	stream_deinit(&st);
	da_replay_destroy(replay);
}

static const struct da_model *finish(void)
{
	stream_sync(&st);
	return da_replay_finish(replay);
}

static uint64_t stack_of(uint32_t thread, uintptr_t pc)
{
	uintptr_t pcs[] = { pc, 0x9000, 0x8000 };

	return stream_stack(&st, thread, pcs, 3);
}

/* Everything that must hold between the numbers of any model. */
static void check_sums(const struct da_model *m)
{
	const struct da_model_totals *t = &m->totals;
	struct da_model_site sum = { 0 };
	uint64_t sizes = 0, threads = 0;

	for (size_t i = 0; i < m->n_sites; i++) {
		sum.alloc_calls += m->sites[i].alloc_calls;
		sum.alloc_bytes += m->sites[i].alloc_bytes;
		sum.live_bytes += m->sites[i].live_bytes;
		sum.live_blocks += m->sites[i].live_blocks;
		sum.peak_bytes += m->sites[i].peak_bytes;
		sum.peak_blocks += m->sites[i].peak_blocks;
		sum.temporary_blocks += m->sites[i].temporary_blocks;
		sum.failed_calls += m->sites[i].failed_calls;
	}
	for (size_t i = 0; i < m->n_sizes; i++)
		sizes += m->sizes[i].calls;
	for (size_t i = 0; i < m->n_threads; i++)
		threads += m->threads[i].alloc_calls;
	ck_assert_uint_eq(sum.alloc_calls, t->alloc_calls);
	ck_assert_uint_eq(sum.alloc_bytes, t->alloc_bytes);
	ck_assert_uint_eq(sum.live_bytes, t->live_bytes);
	ck_assert_uint_eq(sum.live_blocks, t->live_blocks);
	ck_assert_uint_eq(sum.peak_bytes, t->peak_bytes);
	ck_assert_uint_eq(sum.peak_blocks, t->peak_blocks);
	ck_assert_uint_eq(sum.temporary_blocks, t->temporary_blocks);
	ck_assert_uint_eq(sum.failed_calls, t->failed_calls);
	ck_assert_uint_eq(t->alloc_calls - t->free_calls, t->live_blocks);
	ck_assert_uint_eq(t->alloc_bytes - t->freed_bytes, t->live_bytes);
	ck_assert_uint_eq(sizes, t->alloc_calls);
	ck_assert_uint_eq(threads, t->alloc_calls);
}

START_TEST(empty_recording_has_the_empty_site_and_a_flat_timeline)
{
	const struct da_model *m = finish();

	ck_assert_uint_eq(m->totals.alloc_calls, 0);
	ck_assert_uint_eq(m->n_sites, 1);
	ck_assert_uint_eq(m->n_modules, 0);
	ck_assert(!m->quality.has_end);
	check_sums(m);
}
END_TEST

START_TEST(malloc_and_free_count_as_valgrind_counts)
{
	uint64_t a = stack_of(1, 0x1000);
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, a);
	stream_alloc(&st, 1, 0x200, 20, a);
	stream_free(&st, 1, 0x100, 0);
	stream_alloc(&st, 1, 0x100, 0, a);
	stream_fail(&st, 1, 1u << 30, a);
	m = finish();
	ck_assert_uint_eq(m->totals.alloc_calls, 3);
	ck_assert_uint_eq(m->totals.alloc_bytes, 30);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->totals.freed_bytes, 10);
	ck_assert_uint_eq(m->totals.live_bytes, 20);
	ck_assert_uint_eq(m->totals.live_blocks, 2);
	ck_assert_uint_eq(m->totals.peak_bytes, 30);
	ck_assert_uint_eq(m->totals.peak_blocks, 2);
	ck_assert_uint_eq(m->totals.failed_calls, 1);
	ck_assert_uint_eq(m->quality.events_decoded, 5);
	ck_assert_uint_eq(m->funcs[DA_FUNC_MALLOC].calls, 3);
	ck_assert_uint_eq(m->funcs[DA_FUNC_CALLOC].calls, 1);
	ck_assert_uint_eq(m->funcs[DA_FUNC_CALLOC].failed, 1);
	ck_assert_uint_eq(m->funcs[DA_FUNC_FREE].calls, 1);
	ck_assert_uint_eq(m->sites[1].largest_bytes, 20);
	check_sums(m);
}
END_TEST

START_TEST(realloc_is_an_alloc_and_a_free_of_the_old_block)
{
	uint64_t a = stack_of(1, 0x1000), b;
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, a);
	b = stack_of(1, 0x2000);
	stream_realloc(
		&st, 1,
		&(struct da_event){ .old_addr = 0x100, .addr = 0x300, .size = 40, .stack = b });
	stream_realloc(
		&st, 1,
		&(struct da_event){ .old_addr = 0x300, .addr = 0x300, .size = 30, .stack = b });
	m = finish();
	ck_assert_uint_eq(m->totals.alloc_calls, 3);
	ck_assert_uint_eq(m->totals.free_calls, 2);
	ck_assert_uint_eq(m->totals.alloc_bytes, 80);
	ck_assert_uint_eq(m->totals.freed_bytes, 50);
	ck_assert_uint_eq(m->totals.live_bytes, 30);
	ck_assert_uint_eq(m->totals.peak_bytes, 40);
	ck_assert_uint_eq(m->totals.moved_reallocs, 1);
	ck_assert_uint_eq(m->totals.temporary_blocks, 2);
	ck_assert_uint_eq(m->quality.events_decoded, 3);
	ck_assert_uint_eq(m->sites[1].live_blocks, 0);
	ck_assert_uint_eq(m->sites[1].peak_bytes, 0);
	ck_assert_uint_eq(m->sites[2].live_bytes, 30);
	ck_assert_uint_eq(m->sites[2].peak_bytes, 40);
	ck_assert_uint_eq(m->sites[2].released_calls, 2);
	ck_assert_uint_eq(m->sites[2].released_bytes, 50);
	check_sums(m);
}
END_TEST

START_TEST(block_is_temporary_only_until_its_thread_allocates_again)
{
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 1, 0);
	stream_alloc(&st, 2, 0x200, 1, 0);
	stream_free(&st, 2, 0x100, 0); /* thread 1 has not allocated since: temporary */
	stream_alloc(&st, 1, 0x300, 1, 0);
	stream_fail(&st, 1, 1, 0);
	stream_free(&st, 1, 0x300, 0); /* a failure is not an allocation: temporary */
	stream_alloc(&st, 2, 0x400, 1, 0);
	stream_free(&st, 1, 0x200, 0); /* thread 2 has: not */
	m = finish();
	ck_assert_uint_eq(m->totals.temporary_blocks, 2);
	check_sums(m);
}
END_TEST

START_TEST(site_peaks_are_those_of_the_first_global_peak)
{
	uint64_t a = stack_of(1, 0x1000), b;
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 60, a);
	b = stack_of(1, 0x2000);
	stream_alloc(&st, 1, 0x200, 40, b); /* 100: the peak */
	stream_free(&st, 1, 0x100, 0);
	stream_alloc(&st, 1, 0x300, 60, b); /* 100 again: not first */
	stream_free(&st, 1, 0x300, 0);
	stream_free(&st, 1, 0x200, 0);
	m = finish();
	ck_assert_uint_eq(m->totals.peak_bytes, 100);
	ck_assert_uint_eq(m->sites[1].peak_bytes, 60);
	ck_assert_uint_eq(m->sites[2].peak_bytes, 40);
	ck_assert_uint_eq(m->sites[2].peak_blocks, 1);
	check_sums(m);
}
END_TEST

START_TEST(threads_are_merged_by_order_key)
{
	const struct da_model *m;

	/* thread 2 reuses what thread 1 frees, and its bytes come first */
	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_free(&st, 1, 0x100, 0);
	stream_alloc(&st, 2, 0x100, 30, 0);
	stream_free(&st, 2, 0x100, 0);
	stream_alloc(&st, 1, 0x100, 50, 0);
	stream_flush(&st, 2);
	ck_assert_uint_eq(da_replay_snapshot(replay)->totals.alloc_calls, 0);
	stream_flush(&st, 1);
	ck_assert_uint_eq(da_replay_snapshot(replay)->totals.alloc_calls, 3);
	m = finish();
	ck_assert_uint_eq(m->totals.peak_bytes, 50);
	ck_assert_uint_eq(m->totals.live_bytes, 50);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	check_sums(m);
}
END_TEST

START_TEST(other_thread_gets_the_address_between_the_halves_of_a_realloc)
{
	const struct da_model *m;
	struct da_event moved = {
		.kind = DA_KIND_REALLOC,
		.func = DA_FUNC_REALLOC,
		.order = 2,
		.order_acquired = 4,
		.old_addr = 0x100,
		.addr = 0x200,
		.size = 20,
	};

	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_event(&st, 1, &moved);
	st.order = 2;
	stream_alloc(&st, 2, 0x100, 30, 0);
	st.order = 4;
	m = finish();
	ck_assert_uint_eq(m->totals.live_bytes, 50);
	ck_assert_uint_eq(m->totals.live_blocks, 2);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	check_sums(m);
}
END_TEST

START_TEST(events_beyond_a_gap_wait_for_the_watermark)
{
	stream_alloc(&st, 1, 0x100, 10, 0);
	st.order = 10; /* 2 … 10 were lost, or come later */
	stream_alloc(&st, 1, 0x200, 10, 0);
	stream_flush(&st, 1);
	ck_assert_uint_eq(da_replay_snapshot(replay)->totals.alloc_calls, 1);
	stream_numbers(&st, 0, DA_EXT_WATERMARK, 1, (uint64_t)11);
	stream_flush(&st, 0);
	ck_assert_uint_eq(da_replay_snapshot(replay)->totals.alloc_calls, 1);
	stream_numbers(&st, 0, DA_EXT_WATERMARK, 1, (uint64_t)12);
	stream_flush(&st, 0);
	ck_assert_uint_eq(da_replay_snapshot(replay)->totals.alloc_calls, 2);
}
END_TEST

START_TEST(free_of_an_unknown_address_is_counted_apart)
{
	const struct da_model *m;

	stream_free(&st, 1, 0x100, 0);
	stream_realloc(&st, 1, &(struct da_event){ .old_addr = 0x200, .addr = 0x200, .size = 7 });
	stream_alloc(&st, 1, 0x100, 5, 0);
	m = finish();
	ck_assert_uint_eq(m->quality.unknown_frees, 2);
	ck_assert_uint_eq(m->totals.free_calls, 0);
	ck_assert_uint_eq(m->totals.live_bytes, 12);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	check_sums(m);
}
END_TEST

START_TEST(new_use_of_a_live_address_gives_the_old_block_back)
{
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_alloc(&st, 1, 0x100, 20, 0);
	m = finish();
	ck_assert_uint_eq(m->quality.order_repairs, 1);
	ck_assert_uint_eq(m->totals.live_bytes, 20);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->totals.temporary_blocks, 0);
	check_sums(m);
}
END_TEST

static void feed_event(uint32_t thread, enum da_kind kind, uint64_t order, da_addr addr,
		       uint64_t size)
{
	struct da_event e = {
		.kind = kind,
		.func = kind == DA_KIND_FREE ? DA_FUNC_FREE : DA_FUNC_MALLOC,
		.order = order,
		.addr = addr,
		.size = size,
	};

	stream_event(&st, thread, &e);
	stream_flush(&st, thread);
	stream_numbers(&st, 0, DA_EXT_WATERMARK, 1, (uint64_t)1000);
	stream_flush(&st, 0);
}

START_TEST(late_free_of_the_previous_block_leaves_the_new_one_alone)
{
	const struct da_model *m;

	feed_event(1, DA_KIND_ALLOC, 1, 0x100, 10);
	feed_event(1, DA_KIND_ALLOC, 3, 0x100, 20);
	feed_event(2, DA_KIND_FREE, 2, 0x100, 0); /* too late */
	m = finish();
	ck_assert_uint_eq(m->totals.live_bytes, 20);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	ck_assert_uint_eq(m->quality.order_repairs, 2);
	check_sums(m);
}
END_TEST

START_TEST(late_alloc_meets_the_free_that_was_unknown)
{
	const struct da_model *m;

	feed_event(2, DA_KIND_FREE, 5, 0x100, 0);
	feed_event(1, DA_KIND_ALLOC, 4, 0x100, 10); /* too late */
	feed_event(1, DA_KIND_ALLOC, 6, 0x200, 1);
	m = finish();
	ck_assert_uint_eq(m->totals.live_bytes, 1);
	ck_assert_uint_eq(m->totals.alloc_bytes, 11);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	ck_assert_uint_eq(m->quality.order_repairs, 1);
	check_sums(m);
}
END_TEST

START_TEST(equal_stacks_of_two_threads_are_one_site)
{
	uint64_t a = stack_of(1, 0x1000), b = stack_of(2, 0x1000), c = stack_of(2, 0x1008);
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 1, a);
	stream_alloc(&st, 2, 0x200, 2, b);
	stream_alloc(&st, 2, 0x300, 4, c);
	m = finish();
	ck_assert_uint_eq(m->n_sites, 3);
	ck_assert_uint_eq(m->sites[1].alloc_bytes, 3);
	ck_assert_uint_eq(m->sites[2].alloc_bytes, 4);
	check_sums(m);
}
END_TEST

START_TEST(stack_frames_come_innermost_first_as_module_and_vaddr)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pcs[] = { 0x400010, 0x700020, 0x123 };
	uint8_t exact[] = { 0, 1, 0 };
	struct da_encode_frames frames = {
		.pcs = pcs, .exact = exact, .n = 3, .end = DA_UNWIND_END_NO_MODULE
	};
	const struct da_model *m;
	uint64_t a;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/bin/prog");
	stream_load(&st, 1, 2, 0x700000, 0x1000, "/lib/libx.so");
	a = stream_stack_end(&st, 1, &frames);
	stream_alloc(&st, 1, 0x100, 1, a);
	m = finish();
	ck_assert_uint_eq(m->n_modules, 2);
	ck_assert_str_eq(m->modules[1].path, "/lib/libx.so");
	ck_assert_uint_eq(m->modules[1].build_id_len, 4);
	ck_assert_mem_eq(m->modules[1].build_id, "/lib", 4);
	ck_assert_uint_eq(m->modules[1].bias, 0x700000);
	ck_assert_uint_eq(m->modules[1].segments[0].memsz, 0x1000);
	ck_assert_uint_eq(m->sites[1].depth, 3);
	ck_assert_uint_eq(m->sites[1].end, DA_UNWIND_END_NO_MODULE);
	ck_assert_uint_eq(da_model_frames(m, &m->sites[1], f), 3);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x10);
	ck_assert(!f[0].exact);
	ck_assert_uint_eq(f[1].module, 1);
	ck_assert_uint_eq(f[1].vaddr, 0x20);
	ck_assert(f[1].exact);
	ck_assert_uint_eq(f[2].module, DA_MODEL_NO_MODULE);
	ck_assert_uint_eq(f[2].vaddr, 0x123);
	ck_assert_uint_eq(m->quality.stacks_truncated, 1);
	ck_assert_uint_eq(m->quality.calls_by_end[DA_UNWIND_END_NO_MODULE], 1);
}
END_TEST

START_TEST(return_address_behind_the_last_byte_belongs_to_the_module)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x401000;
	const struct da_model *m;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/bin/prog");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &pc, 1));
	m = finish();
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x1000);
}
END_TEST

START_TEST(module_mapped_again_elsewhere_gives_the_same_site)
{
	uintptr_t first = 0x400010, second = 0x500010;
	const struct da_model *m;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/plug.so");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &first, 1));
	stream_unload(&st, 1, 1);
	stream_load(&st, 1, 2, 0x500000, 0x1000, "/lib/plug.so");
	stream_alloc(&st, 1, 0x200, 1, stream_stack(&st, 1, &second, 1));
	m = finish();
	ck_assert_uint_eq(m->n_modules, 1);
	ck_assert_uint_eq(m->modules[0].loads, 2);
	ck_assert_uint_eq(m->modules[0].unloads, 1);
	ck_assert_uint_eq(m->n_sites, 2);
	ck_assert_uint_eq(m->sites[1].alloc_calls, 2);
}
END_TEST

START_TEST(other_module_at_the_same_address_gives_another_site)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x400010;
	const struct da_model *m;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/one.so");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &pc, 1));
	stream_unload(&st, 1, 1);
	stream_load(&st, 1, 2, 0x400000, 0x1000, "/lib/two.so");
	stream_alloc(&st, 1, 0x200, 1, stream_stack(&st, 1, &pc, 1));
	m = finish();
	ck_assert_uint_eq(m->n_sites, 3);
	da_model_frames(m, &m->sites[2], f);
	ck_assert_str_eq(m->modules[f[0].module].path, "/lib/two.so");
}
END_TEST

START_TEST(stack_is_resolved_by_the_modules_at_its_turn)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x400010;
	const struct da_model *m;

	/* thread 2's bytes come first, but thread 1 maps the module before */
	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/one.so");
	stream_alloc(&st, 2, 0x100, 1, stream_stack(&st, 2, &pc, 1));
	stream_unload(&st, 1, 1);
	stream_flush(&st, 2);
	m = finish();
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x10);
}
END_TEST

START_TEST(frame_without_module_is_adopted_by_one_that_is_seen_later)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pcs[] = { 0x400010, 0x600010 };
	const struct da_model *m;
	uint64_t a = stream_stack(&st, 1, pcs, 2);

	stream_alloc(&st, 1, 0x100, 1, a);
	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/one.so");
	stream_alloc(&st, 1, 0x200, 1, stream_stack(&st, 1, pcs, 2));
	stream_unload(&st, 1, 1);
	stream_load(&st, 1, 2, 0x600000, 0x1000, "/lib/late.so"); /* after an unload: not adopted */
	m = finish();
	ck_assert_uint_eq(m->n_sites, 2);
	ck_assert_uint_eq(m->sites[1].alloc_calls, 2);
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x10);
	ck_assert_uint_eq(f[1].module, DA_MODEL_NO_MODULE);
}
END_TEST

START_TEST(pcs_of_32_bit_targets_wrap_at_32_bits)
{
	struct da_model_options o;
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x00001010;
	const struct da_model *m;

	teardown();
	da_model_options_init(&o);
	o.word_bits = 32;
	setup_with(&o);
	/* linked at 0x80000000 …, mapped 0x80000000 higher, modulo 2^32 */
	stream_load(&st, 1, 1, 0x80000000, 0x80002000, "/vmlinux.so");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &pc, 1));
	m = finish();
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_lt(f[0].vaddr, (uint64_t)1 << 32);
}
END_TEST

START_TEST(thread_has_its_number_name_and_calls)
{
	const struct da_model *m;

	stream_numbers(&st, 7, DA_EXT_THREAD, 1, (uint64_t)4711);
	stream_name(&st, 7, "worker \x1b[31m");
	stream_alloc(&st, 7, 0x100, 5, 0);
	stream_alloc(&st, 1, 0x200, 6, 0);
	stream_free(&st, 1, 0x100, 0);
	stream_numbers(&st, 7, DA_EXT_THREAD_END, 0);
	m = finish();
	ck_assert_uint_eq(m->n_threads, 2);
	ck_assert_uint_eq(m->threads[0].id, 1);
	ck_assert_uint_eq(m->threads[0].freed_bytes, 5);
	ck_assert_str_eq(m->threads[0].name, "");
	ck_assert_uint_eq(m->threads[1].tid, 4711);
	ck_assert_str_eq(m->threads[1].name, "worker \x1b[31m");
	ck_assert_uint_eq(m->threads[1].alloc_bytes, 5);
	ck_assert(m->threads[1].ended);
}
END_TEST

START_TEST(thread_goes_on_after_its_end_and_after_being_packed_away)
{
	const struct da_model *m;
	uint64_t a = stack_of(1, 0x1000);

	stream_alloc(&st, 1, 0x100, 5, a);
	stream_numbers(&st, 1, DA_EXT_THREAD_END, 0);
	stream_sync(&st);
	stream_alloc(&st, 1, 0x200, 6, a);
	stream_alloc(&st, 1, 0x300, 7, stack_of(1, 0x2000));
	stream_free(&st, 1, 0x100, 0);
	m = finish();
	ck_assert_uint_eq(m->totals.live_bytes, 13);
	ck_assert_uint_eq(m->n_sites, 3);
	ck_assert_uint_eq(m->sites[1].alloc_calls, 2);
	ck_assert_uint_eq(m->sites[2].depth, 3);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	check_sums(m);
}
END_TEST

START_TEST(last_word_loss_and_resident_memory_are_kept)
{
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 5, 0);
	stream_numbers(&st, 0, DA_EXT_RSS, 2, (uint64_t)5000000, (uint64_t)4096);
	stream_numbers(&st, 0, DA_EXT_RSS, 2, (uint64_t)9000000, (uint64_t)2048);
	stream_numbers(&st, 0, DA_EXT_LOST, 2, (uint64_t)DA_LOST_FULL, (uint64_t)3);
	stream_numbers(&st, 0, DA_EXT_LOST, 2, (uint64_t)DA_LOST_FULL, (uint64_t)4);
	stream_numbers(&st, 0, DA_EXT_LOST, 2, (uint64_t)77, (uint64_t)2);
	stream_numbers(&st, 0, DA_EXT_END, 4, (uint64_t)DA_END_SIGNAL, (uint64_t)9, (uint64_t)7,
		       (uint64_t)1);
	m = finish();
	ck_assert_uint_eq(m->totals.peak_rss_bytes, 4096);
	ck_assert_uint_eq(m->totals.duration_ns, 9000000);
	ck_assert_uint_eq(m->quality.events_lost[DA_LOST_FULL], 4);
	ck_assert_uint_eq(m->quality.events_lost[DA_LOST_COUNT], 2);
	ck_assert(m->quality.has_end);
	ck_assert_uint_eq(m->quality.end, DA_END_SIGNAL);
	ck_assert_uint_eq(m->quality.end_value, 9);
	ck_assert_uint_eq(m->quality.events_seen, 7);
	ck_assert_uint_eq(m->quality.events_recorded, 1);
	ck_assert_uint_eq(m->timeline[m->n_points - 1].time_ns, 9000000);
	ck_assert_uint_eq(m->timeline[m->n_points - 1].heap_bytes, 5);
}
END_TEST

START_TEST(timeline_is_bounded_and_keeps_the_peak)
{
	const struct da_model *m;
	bool has_peak = false;

	for (uint64_t i = 0; i < 100000; i++) {
		stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)1000000);
		stream_alloc(&st, 1, 0x100, i == 54321 ? 777 : i % 100, 0);
		stream_free(&st, 1, 0x100, 0);
	}
	m = finish();
	ck_assert_uint_gt(m->n_points, DA_MODEL_POINTS / 3);
	ck_assert_uint_le(m->n_points, DA_MODEL_POINTS);
	for (size_t i = 0; i < m->n_points; i++) {
		const struct da_model_point *p = &m->timeline[i];

		if (i)
			ck_assert_uint_gt(p->time_ns, p[-1].time_ns);
		has_peak |= p->heap_bytes == 777 && p->time_ns == m->totals.peak_time_ns;
		ck_assert_uint_le(p->heap_bytes, 777);
	}
	ck_assert(has_peak);
	ck_assert_uint_eq(m->totals.peak_time_ns, 54322000000u);
	ck_assert_uint_eq(m->totals.duration_ns, 100000000000u);
}
END_TEST

START_TEST(timeline_survives_a_clock_that_jumps_to_the_end_of_time)
{
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, UINT64_MAX);
	stream_alloc(&st, 1, 0x200, 10, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)2); /* wraps: time does not go back */
	stream_alloc(&st, 1, 0x300, 10, 0);
	stream_numbers(&st, 0, DA_EXT_RSS, 2, UINT64_MAX, (uint64_t)1);
	m = finish();
	ck_assert_uint_eq(m->timeline[m->n_points - 1].heap_bytes, 30);
	ck_assert_uint_eq(m->timeline[m->n_points - 1].time_ns, UINT64_MAX);
}
END_TEST

START_TEST(sizes_are_exact_until_there_are_very_many)
{
	const struct da_model *m;
	uint64_t n = 0;

	for (uint64_t i = 0; i < 100000; i++)
		stream_alloc(&st, 1, 0x1000 + i * 8, i, 0);
	stream_alloc(&st, 1, 0x10, 100, 0);
	m = finish();
	ck_assert_uint_ge(m->n_sizes, DA_MODEL_SIZES);
	ck_assert_uint_lt(m->n_sizes, DA_MODEL_SIZES + 64);
	for (size_t i = 0; i < m->n_sizes; i++) {
		n += m->sizes[i].calls;
		if (i)
			ck_assert_uint_gt(m->sizes[i].size, m->sizes[i - 1].size_max);
		if (m->sizes[i].size == 100)
			ck_assert_uint_eq(m->sizes[i].calls, 2);
	}
	ck_assert_uint_eq(n, 100001);
	check_sums(m);
}
END_TEST

START_TEST(options_choose_sizes_threads_and_times)
{
	struct da_model_options o;
	const struct da_model *m;

	teardown();
	da_model_options_init(&o);
	o.min_size = 10;
	o.max_size = 99;
	o.from_ns = 1000;
	o.to_ns = 3000;
	o.tid = 42;
	o.older_ns = 1500000000;
	setup_with(&o);
	stream_numbers(&st, 1, DA_EXT_THREAD, 1, (uint64_t)42);
	stream_numbers(&st, 2, DA_EXT_THREAD, 1, (uint64_t)43);
	stream_alloc(&st, 1, 0x100, 10, 0); /* too early */
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)2000);
	stream_numbers(&st, 2, DA_EXT_CLOCK, 1, (uint64_t)2000);
	stream_alloc(&st, 1, 0x200, 9, 0); /* too small */
	stream_alloc(&st, 1, 0x300, 100, 0); /* too large */
	stream_alloc(&st, 2, 0x400, 50, 0); /* another thread */
	stream_alloc(&st, 1, 0x500, 50, 0); /* counts */
	stream_alloc(&st, 1, 0x600, 60, 0); /* counts */
	stream_free(&st, 2, 0x100, 0);
	stream_free(&st, 2, 0x500, 0); /* counts */
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)2000);
	stream_free(&st, 1, 0x600, 0); /* too late */
	m = finish();
	ck_assert_uint_eq(m->totals.alloc_calls, 2);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->totals.live_bytes, 60);
	ck_assert_uint_eq(m->totals.peak_bytes, 110);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	check_sums(m);
}
END_TEST

START_TEST(old_blocks_are_told_from_young_ones)
{
	struct da_model_options o;
	const struct da_model *m;

	teardown();
	da_model_options_init(&o);
	o.older_ns = 5000000;
	setup_with(&o);
	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)4000000);
	stream_alloc(&st, 1, 0x200, 20, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)4000000);
	stream_alloc(&st, 1, 0x300, 40, 0);
	m = finish();
	ck_assert_uint_eq(m->sites[0].old_bytes, 10);
	ck_assert_uint_eq(m->sites[0].old_blocks, 1);
	ck_assert_uint_eq(da_replay_snapshot(replay)->sites[0].old_bytes, 10);
}
END_TEST

static void expect_damage(uint32_t thread, const uint8_t *bytes, size_t len, const char *why)
{
	struct da_replay_piece piece = { .thread = thread, .bytes = bytes, .len = len, .at = 77 };

	ck_assert(!da_replay_feed(replay, &piece, &err));
	ck_assert_str_eq(da_replay_damage(replay)->why, why);
	ck_assert_uint_eq(da_replay_damage(replay)->at, 77);
	ck_assert_uint_eq(da_replay_damage(replay)->thread, thread);
	ck_assert(!da_replay_feed(replay, &piece, &err));
}

START_TEST(damage_ends_the_feeding_and_keeps_what_came_before)
{
	const uint8_t bad[] = { DA_KIND_FREE, 0x80 };

	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_alloc(&st, 2, 0x200, 20, 0);
	stream_flush(&st, 2);
	stream_flush(&st, 1);
	expect_damage(1, bad, sizeof(bad), "cut or over-long number");
	ck_assert_str_eq(err.text,
			 "cannot decode thread 1 of the recording: cut or over-long number");
	ck_assert_uint_eq(da_replay_finish(replay)->totals.live_bytes, 30);
}
END_TEST

START_TEST(event_cut_by_its_fragment_is_damage_even_if_the_next_one_would_complete_it)
{
	uint8_t whole[DA_ENCODE_EVENT_MAX];
	size_t len;

	stream_alloc(&st, 1, 0x12345678, 1000, 0);
	len = st.threads[1].len;
	memcpy(whole, st.threads[1].bytes, len);
	st.threads[1].len = 0;
	expect_damage(1, whole, len - 1, "cut or over-long number");
}
END_TEST

START_TEST(heap_event_in_the_meta_stream_is_damage)
{
	const uint8_t bytes[] = { DA_KIND_FREE | DA_EVENT_LAST };

	expect_damage(0, bytes, sizeof(bytes), "heap event in the meta stream");
}
END_TEST

START_TEST(recorder_event_in_a_threads_stream_is_damage)
{
	const uint8_t bytes[] = { DA_EXT_WATERMARK << 3 | DA_KIND_EXT, 1 };

	expect_damage(1, bytes, sizeof(bytes), "event of the meta stream in a thread's");
}
END_TEST

START_TEST(any_bytes_are_survived)
{
	uint64_t x = 1;

	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[64];
		struct da_replay_piece piece = { .bytes = bytes };

		for (size_t i = 0; i < sizeof(bytes); i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			bytes[i] = (uint8_t)(x >> 32) >> (x & 7);
		}
		piece.thread = x >> 20 & 3;
		piece.len = x >> 40 & 63;
		if (da_replay_feed(replay, &piece, NULL))
			continue;
		check_sums(da_replay_finish(replay));
		da_replay_destroy(replay);
		replay = da_replay_create(NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tc = tcase_create("model");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, empty_recording_has_the_empty_site_and_a_flat_timeline);
	tcase_add_test(tc, malloc_and_free_count_as_valgrind_counts);
	tcase_add_test(tc, realloc_is_an_alloc_and_a_free_of_the_old_block);
	tcase_add_test(tc, block_is_temporary_only_until_its_thread_allocates_again);
	tcase_add_test(tc, site_peaks_are_those_of_the_first_global_peak);
	tcase_add_test(tc, threads_are_merged_by_order_key);
	tcase_add_test(tc, other_thread_gets_the_address_between_the_halves_of_a_realloc);
	tcase_add_test(tc, events_beyond_a_gap_wait_for_the_watermark);
	tcase_add_test(tc, free_of_an_unknown_address_is_counted_apart);
	tcase_add_test(tc, new_use_of_a_live_address_gives_the_old_block_back);
	tcase_add_test(tc, late_free_of_the_previous_block_leaves_the_new_one_alone);
	tcase_add_test(tc, late_alloc_meets_the_free_that_was_unknown);
	tcase_add_test(tc, equal_stacks_of_two_threads_are_one_site);
	tcase_add_test(tc, stack_frames_come_innermost_first_as_module_and_vaddr);
	tcase_add_test(tc, return_address_behind_the_last_byte_belongs_to_the_module);
	tcase_add_test(tc, module_mapped_again_elsewhere_gives_the_same_site);
	tcase_add_test(tc, other_module_at_the_same_address_gives_another_site);
	tcase_add_test(tc, stack_is_resolved_by_the_modules_at_its_turn);
	tcase_add_test(tc, frame_without_module_is_adopted_by_one_that_is_seen_later);
	tcase_add_test(tc, pcs_of_32_bit_targets_wrap_at_32_bits);
	tcase_add_test(tc, thread_has_its_number_name_and_calls);
	tcase_add_test(tc, thread_goes_on_after_its_end_and_after_being_packed_away);
	tcase_add_test(tc, last_word_loss_and_resident_memory_are_kept);
	tcase_add_test(tc, timeline_is_bounded_and_keeps_the_peak);
	tcase_add_test(tc, timeline_survives_a_clock_that_jumps_to_the_end_of_time);
	tcase_add_test(tc, sizes_are_exact_until_there_are_very_many);
	tcase_add_test(tc, options_choose_sizes_threads_and_times);
	tcase_add_test(tc, old_blocks_are_told_from_young_ones);
	tcase_add_test(tc, damage_ends_the_feeding_and_keeps_what_came_before);
	tcase_add_test(tc,
		       event_cut_by_its_fragment_is_damage_even_if_the_next_one_would_complete_it);
	tcase_add_test(tc, heap_event_in_the_meta_stream_is_damage);
	tcase_add_test(tc, recorder_event_in_a_threads_stream_is_damage);
	tcase_add_test(tc, any_bytes_are_survived);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
