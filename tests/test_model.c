/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replaying.h"

#include <string.h>

START_TEST(empty_recording_has_the_empty_site_and_a_flat_timeline)
{
	const struct da_model *m = replaying_finish();

	ck_assert_uint_eq(m->totals.alloc_calls, 0);
	ck_assert_uint_eq(m->n_sites, 1);
	ck_assert_uint_eq(m->n_modules, 0);
	ck_assert(!m->quality.has_end);
	replaying_check_sums(m);
}
END_TEST

START_TEST(malloc_and_free_count_as_valgrind_counts)
{
	uint64_t a = replaying_stack(1, 0x1000);
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, a);
	stream_alloc(&st, 1, 0x200, 20, a);
	stream_free(&st, 1, 0x100, 0);
	stream_alloc(&st, 1, 0x100, 0, a);
	stream_fail(&st, 1, 1u << 30, a);
	m = replaying_finish();
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
	replaying_check_sums(m);
}
END_TEST

static void feed_at_will(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len)
{
	struct da_replay_piece piece = { .thread = thread, .bytes = bytes, .len = len };

	(void)ctx;
	da_replay_feed(replay, &piece, &err);
}

START_TEST(more_live_blocks_than_allowed_end_the_replay)
{
	struct da_model_options o;
	const struct da_model *m;

	da_model_options_init(&o);
	o.max_blocks = 3;
	replaying_restart(&o);
	st.take = feed_at_will;
	for (uint64_t i = 1; i <= 3; i++)
		stream_alloc(&st, 1, i * 0x100, 10, 0);
	stream_free(&st, 1, 0x100, 0);
	stream_alloc(&st, 1, 0x400, 10, 0);
	stream_alloc(&st, 1, 0x500, 10, 0);
	m = replaying_finish();
	ck_assert_str_eq(da_replay_damage(replay)->why,
			 "more blocks are live at once than a report may follow");
	ck_assert_uint_eq(m->totals.live_blocks, 3);
	ck_assert_uint_eq(m->totals.alloc_calls, 4);
}
END_TEST

START_TEST(realloc_is_an_alloc_and_a_free_of_the_old_block)
{
	uint64_t a = replaying_stack(1, 0x1000), b;
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, a);
	b = replaying_stack(1, 0x2000);
	stream_realloc(
		&st, 1,
		&(struct da_event){ .old_addr = 0x100, .addr = 0x300, .size = 40, .stack = b });
	stream_realloc(
		&st, 1,
		&(struct da_event){ .old_addr = 0x300, .addr = 0x300, .size = 30, .stack = b });
	m = replaying_finish();
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
	replaying_check_sums(m);
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
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.temporary_blocks, 2);
	replaying_check_sums(m);
}
END_TEST

START_TEST(site_peaks_are_those_of_the_first_global_peak)
{
	uint64_t a = replaying_stack(1, 0x1000), b;
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 60, a);
	b = replaying_stack(1, 0x2000);
	stream_alloc(&st, 1, 0x200, 40, b); /* 100: the peak */
	stream_free(&st, 1, 0x100, 0);
	stream_alloc(&st, 1, 0x300, 60, b); /* 100 again: not first */
	stream_free(&st, 1, 0x300, 0);
	stream_free(&st, 1, 0x200, 0);
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.peak_bytes, 100);
	ck_assert_uint_eq(m->sites[1].peak_bytes, 60);
	ck_assert_uint_eq(m->sites[2].peak_bytes, 40);
	ck_assert_uint_eq(m->sites[2].peak_blocks, 1);
	replaying_check_sums(m);
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
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.peak_bytes, 50);
	ck_assert_uint_eq(m->totals.live_bytes, 50);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	replaying_check_sums(m);
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
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.live_bytes, 50);
	ck_assert_uint_eq(m->totals.live_blocks, 2);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	replaying_check_sums(m);
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
	m = replaying_finish();
	ck_assert_uint_eq(m->quality.unknown_frees, 2);
	ck_assert_uint_eq(m->totals.free_calls, 0);
	ck_assert_uint_eq(m->totals.live_bytes, 12);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	replaying_check_sums(m);
}
END_TEST

START_TEST(new_use_of_a_live_address_gives_the_old_block_back)
{
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_alloc(&st, 1, 0x100, 20, 0);
	m = replaying_finish();
	ck_assert_uint_eq(m->quality.order_repairs, 1);
	ck_assert_uint_eq(m->totals.live_bytes, 20);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->totals.temporary_blocks, 0);
	replaying_check_sums(m);
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
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.live_bytes, 20);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	ck_assert_uint_eq(m->quality.order_repairs, 2);
	replaying_check_sums(m);
}
END_TEST

START_TEST(late_alloc_meets_the_free_that_was_unknown)
{
	const struct da_model *m;

	feed_event(2, DA_KIND_FREE, 5, 0x100, 0);
	feed_event(1, DA_KIND_ALLOC, 4, 0x100, 10); /* too late */
	feed_event(1, DA_KIND_ALLOC, 6, 0x200, 1);
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.live_bytes, 1);
	ck_assert_uint_eq(m->totals.alloc_bytes, 11);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	ck_assert_uint_eq(m->quality.order_repairs, 1);
	replaying_check_sums(m);
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
	m = replaying_finish();
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
	uint64_t a = replaying_stack(1, 0x1000);

	stream_alloc(&st, 1, 0x100, 5, a);
	stream_numbers(&st, 1, DA_EXT_THREAD_END, 0);
	stream_sync(&st);
	stream_alloc(&st, 1, 0x200, 6, a);
	stream_alloc(&st, 1, 0x300, 7, replaying_stack(1, 0x2000));
	stream_free(&st, 1, 0x100, 0);
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.live_bytes, 13);
	ck_assert_uint_eq(m->n_sites, 3);
	ck_assert_uint_eq(m->sites[1].alloc_calls, 2);
	ck_assert_uint_eq(m->sites[2].depth, 3);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	replaying_check_sums(m);
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
	m = replaying_finish();
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
		replaying_check_sums(da_replay_finish(replay));
		da_replay_destroy(replay);
		replay = da_replay_create(NULL);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		empty_recording_has_the_empty_site_and_a_flat_timeline,
		malloc_and_free_count_as_valgrind_counts,
		more_live_blocks_than_allowed_end_the_replay,
		realloc_is_an_alloc_and_a_free_of_the_old_block,
		block_is_temporary_only_until_its_thread_allocates_again,
		site_peaks_are_those_of_the_first_global_peak,
		threads_are_merged_by_order_key,
		other_thread_gets_the_address_between_the_halves_of_a_realloc,
		events_beyond_a_gap_wait_for_the_watermark,
		free_of_an_unknown_address_is_counted_apart,
		new_use_of_a_live_address_gives_the_old_block_back,
		late_free_of_the_previous_block_leaves_the_new_one_alone,
		late_alloc_meets_the_free_that_was_unknown,
		thread_has_its_number_name_and_calls,
		thread_goes_on_after_its_end_and_after_being_packed_away,
		last_word_loss_and_resident_memory_are_kept,
		damage_ends_the_feeding_and_keeps_what_came_before,
		event_cut_by_its_fragment_is_damage_even_if_the_next_one_would_complete_it,
		heap_event_in_the_meta_stream_is_damage,
		recorder_event_in_a_threads_stream_is_damage,
		any_bytes_are_survived,
	};

	return replaying_run("model", tests, sizeof(tests) / sizeof(tests[0]));
}
