/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replaying.h"

START_TEST(timeline_is_bounded_and_keeps_the_peak)
{
	const struct da_model *m;
	bool has_peak = false;

	for (uint64_t i = 0; i < 100000; i++) {
		stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)1000000);
		stream_alloc(&st, 1, 0x100, i == 54321 ? 777 : i % 100, 0);
		stream_free(&st, 1, 0x100, 0);
	}
	m = replaying_finish();
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
	m = replaying_finish();
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
	m = replaying_finish();
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
	replaying_check_sums(m);
}
END_TEST

START_TEST(options_choose_sizes_threads_and_times)
{
	struct da_model_options o;
	const struct da_model *m;

	da_model_options_init(&o);
	o.min_size = 10;
	o.max_size = 99;
	o.from_ns = 1000;
	o.to_ns = 3000;
	o.tid = 42;
	o.older_ns = 1500000000;
	replaying_restart(&o);
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
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.alloc_calls, 2);
	ck_assert_uint_eq(m->totals.free_calls, 1);
	ck_assert_uint_eq(m->totals.live_bytes, 60);
	ck_assert_uint_eq(m->totals.peak_bytes, 110);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	replaying_check_sums(m);
}
END_TEST

START_TEST(old_blocks_are_told_from_young_ones)
{
	struct da_model_options o;
	const struct da_model *m;

	da_model_options_init(&o);
	o.older_ns = 5000000;
	replaying_restart(&o);
	stream_alloc(&st, 1, 0x100, 10, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)4000000);
	stream_alloc(&st, 1, 0x200, 20, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, (uint64_t)4000000);
	stream_alloc(&st, 1, 0x300, 40, 0);
	m = replaying_finish();
	ck_assert_uint_eq(m->sites[0].old_bytes, 10);
	ck_assert_uint_eq(m->sites[0].old_blocks, 1);
	ck_assert_uint_eq(da_replay_snapshot(replay)->sites[0].old_bytes, 10);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		timeline_is_bounded_and_keeps_the_peak,
		timeline_survives_a_clock_that_jumps_to_the_end_of_time,
		sizes_are_exact_until_there_are_very_many,
		options_choose_sizes_threads_and_times,
		old_blocks_are_told_from_young_ones,
	};

	return replaying_run("model_time", tests, sizeof(tests) / sizeof(tests[0]));
}
