/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replaying.h"

#include <stdlib.h>
#include <string.h>

struct stream st;
struct da_replay *replay;
struct da_err err;

static void feed(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len)
{
	struct da_replay_piece piece = { .thread = thread, .bytes = bytes, .len = len };

	(void)ctx;
	ck_assert_msg(da_replay_feed(replay, &piece, &err), "%s", err.text);
}

static void begin(const struct da_model_options *options)
{
	memset(&st, 0, sizeof(st));
	st.take = feed;
	replay = da_replay_create(options);
}

void replaying_setup(void)
{
	begin(NULL);
}

void replaying_teardown(void)
{
	stream_deinit(&st);
	da_replay_destroy(replay);
}

void replaying_restart(const struct da_model_options *options)
{
	replaying_teardown();
	begin(options);
}

const struct da_model *replaying_finish(void)
{
	stream_sync(&st);
	return da_replay_finish(replay);
}

uint64_t replaying_stack(uint32_t thread, uintptr_t pc)
{
	uintptr_t pcs[] = { pc, 0x9000, 0x8000 };

	return stream_stack(&st, thread, pcs, 3);
}

void replaying_check_sums(const struct da_model *m)
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

int replaying_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, replaying_setup, replaying_teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
