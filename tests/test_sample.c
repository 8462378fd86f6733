/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "preload/sample.h"

#define UNIT (1.0 / (1 << 28))

static double wanted_ln(uint32_t r)
{
	return -log((2.0 * r + 1) / 8589934592.0);
}

static void check_ln(uint32_t r)
{
	double got = (double)da_sample_minus_ln(r) * UNIT;

	ck_assert_msg(fabs(got - wanted_ln(r)) < 2 * UNIT, "%u: %.12f, not %.12f", r, got,
		      wanted_ln(r));
}

START_TEST(logarithm_is_libms)
{
	for (uint32_t i = 0; i < 70000; i++) {
		check_ln(i);
		check_ln(UINT32_MAX - i);
		check_ln(i * 61357u);
	}
	for (unsigned bit = 0; bit < 32; bit++) {
		check_ln(1u << bit);
		check_ln((1u << bit) - 1);
	}
	ck_assert_uint_gt(da_sample_minus_ln(0), da_sample_minus_ln(1));
}
END_TEST

/* The products in da_sample_draw() fit 64 bits. */
START_TEST(longest_distance_of_the_largest_mean)
{
	ck_assert_uint_lt(da_sample_minus_ln(0), 23ull << 28);
	ck_assert_uint_lt(da_sample_minus_ln(0), UINT64_MAX / DA_STREAM_MAX_SAMPLE);
}
END_TEST

static const uint32_t means[] = { 1, 100, 4096, 524288, DA_STREAM_MAX_SAMPLE };
#define DRAWS 400000
#define BINS 16

/* Distances are the whole part of exponential ones: geometric, with this ratio. */
START_TEST(distances_have_the_mean_variance_and_distribution)
{
	double mean = means[_i], ratio = exp(-1 / mean), sum = 0, squares = 0;
	double want = ratio / -expm1(-1 / mean), variance = ratio / pow(expm1(-1 / mean), 2);
	double bins[BINS] = { 0 };
	struct da_sample s;

	da_sample_init(&s, means[_i], 12345);
	for (int i = 0; i < DRAWS; i++) {
		double bin;

		da_sample_draw(&s);
		sum += (double)s.left;
		squares += pow((double)s.left - want, 2);
		bin = floor(BINS * -expm1(-(double)s.left / mean));
		bins[(int)bin]++;
	}
	ck_assert_double_le(fabs(sum / DRAWS - want), 4 * sqrt(variance / DRAWS));
	/* the fourth central moment is nine times the squared variance, or a little more */
	ck_assert_double_le(fabs(squares / DRAWS / variance - 1), 4 * sqrt(9.0 / DRAWS) + 0.01);
	if (means[_i] < 4096)
		return;
	for (int i = 0; i < BINS; i++)
		ck_assert_double_le(fabs(bins[i] - DRAWS / BINS), 4.5 * sqrt((double)DRAWS / BINS));
}
END_TEST

/* The share of blocks of @bytes that are taken, when others of @between lie between them. */
static void check_share(uint32_t mean, uint64_t bytes, uint64_t between, uint64_t seed)
{
	double p = -expm1(-(double)bytes / mean);
	unsigned taken = 0;
	struct da_sample s;

	da_sample_init(&s, mean, seed);
	for (int i = 0; i < DRAWS; i++) {
		taken += da_sample_takes(&s, bytes);
		da_sample_takes(&s, between);
	}
	ck_assert_msg(fabs(taken - p * DRAWS) <= 4.5 * sqrt(p * (1 - p) * DRAWS),
		      "%u of %u for %llu bytes at a mean of %u; expected %.1f", taken, DRAWS,
		      (unsigned long long)bytes, mean, p * DRAWS);
}

START_TEST(a_block_is_taken_by_its_size_alone)
{
	static const uint64_t sizes[] = { 0,    1,      16,      100,     4095,
					  4096, 100000, 1 << 20, 1 << 30, UINT64_MAX };
	static const uint64_t others[] = { 0, 7, 4096, 1 << 20 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t k = 0; k < sizeof others / sizeof *others; k++)
			check_share(4096, sizes[i], others[k], i * 100 + k);
	check_share(1, 1, 3, 1);
	check_share(DA_STREAM_MAX_SAMPLE, 1 << 29, 1 << 20, 2);
}
END_TEST

/* Taking one block must say nothing about the next: pairs are as frequent as they would be. */
START_TEST(blocks_are_taken_independently)
{
	const double p = -expm1(-0.25), pair = p * p;
	unsigned pairs = 0;
	struct da_sample s;

	da_sample_init(&s, 4096, 99);
	for (int i = 0; i < DRAWS; i++) {
		bool first = da_sample_takes(&s, 1024), second = da_sample_takes(&s, 1024);

		pairs += first && second;
	}
	ck_assert_double_le(fabs(pairs - pair * DRAWS), 4.5 * sqrt(pair * (1 - pair) * DRAWS));
}
END_TEST

START_TEST(seeds_next_to_each_other_are_independent)
{
	const double p = -expm1(-0.5);
	unsigned taken = 0;

	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		struct da_sample s;

		da_sample_init(&s, 4096, seed);
		taken += da_sample_takes(&s, 2048);
	}
	ck_assert_double_le(fabs(taken - p * DRAWS), 4.5 * sqrt(p * (1 - p) * DRAWS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sample");
	TCase *tc = tcase_create("sample");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, logarithm_is_libms);
	tcase_add_test(tc, longest_distance_of_the_largest_mean);
	tcase_add_loop_test(tc, distances_have_the_mean_variance_and_distribution, 0,
			    sizeof means / sizeof *means);
	tcase_add_test(tc, a_block_is_taken_by_its_size_alone);
	tcase_add_test(tc, blocks_are_taken_independently);
	tcase_add_test(tc, seeds_next_to_each_other_are_independent);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
