/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording with known sites, with each stack and sampled: exact totals, true estimates. */
#include <math.h>
#include <stdlib.h>

#include "preload/sample.h"
#include "replaying.h"

#define SITES 5
#define CALLS 60000
#define KEPT 3000 /* live blocks at most, each at an address of its own */
#define MEAN 512
#define MS UINT64_C(1000000)

static uint64_t state;
static struct da_sample sample; /* mean 0: each call has its stack */

static uint32_t next_random(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

/* Small blocks, blocks of about the mean, of many times the mean; mixed; and of 0 bytes. */
static uint64_t size_of(uint32_t site)
{
	switch (site) {
	case 0: return 1 + next_random(64);
	case 1: return MEAN / 2 + next_random(MEAN);
	case 2: return 50 * MEAN;
	case 3: return next_random(10) ? 24 : 10 * MEAN;
	default: return 0;
	}
}

static uint64_t choose(uint64_t stack, uint64_t size)
{
	return !sample.mean || da_sample_takes(&sample, size) ? stack : 0;
}

/* One more call on block @i: it is allocated (or not, unless @grow), or else freed or resized. */
static void call(uint64_t stacks[SITES], bool live[KEPT], uint32_t i, bool grow)
{
	uint32_t site = next_random(SITES);
	da_addr addr = 0x100000 + 64 * i;
	uint64_t size = size_of(site);

	if (!live[i] && !grow && next_random(4))
		return;
	if (!live[i]) {
		stream_alloc(&st, 1, addr, size, choose(stacks[site], size));
	} else if (next_random(4)) {
		stream_free(&st, 1, addr, 0);
	} else {
		struct da_event e = { .old_addr = addr, .addr = addr, .size = size };

		e.stack = choose(stacks[site], size);
		stream_realloc(&st, 1, &e);
		return;
	}
	live[i] = !live[i];
}

/* The same calls every time; @mean and @seed say which stacks are kept. */
static const struct da_model *replay_all(uint32_t mean, uint64_t seed)
{
	struct da_model_options options;
	static bool live[KEPT];
	uint64_t stacks[SITES];

	da_model_options_init(&options);
	options.sample = mean;
	replaying_restart(&options);
	state = 7;
	sample.mean = 0;
	if (mean)
		da_sample_init(&sample, mean, seed);
	for (uint32_t i = 0; i < KEPT; i++)
		live[i] = false;
	for (uint32_t i = 0; i < SITES; i++)
		stacks[i] = replaying_stack(1, 0x1000 * (i + 1));
	for (uint32_t i = 0; i < CALLS; i++) {
		call(stacks, live, next_random(KEPT), i < CALLS / 2);
		if (i % 100 == 0)
			stream_numbers(&st, 1, DA_EXT_CLOCK, 1, MS);
	}
	return replaying_finish();
}

static const struct da_model_site *find(const struct da_model *m, uint32_t site)
{
	struct da_model_frame frames[DA_STREAM_MAX_FRAMES];

	for (size_t i = 1; i < m->n_sites; i++) {
		da_model_frames(m, &m->sites[i], frames);
		if (frames[0].vaddr == 0x1000u * (site + 1))
			return &m->sites[i];
	}
	return NULL;
}

/* What a test compares of a site: bytes and blocks of alloc, live, peak. */
#define NUMBERS 6

static void numbers_of(const struct da_model_site *s, double v[NUMBERS])
{
	const uint64_t n[NUMBERS] = { s->alloc_bytes, s->alloc_calls, s->live_bytes,
				      s->live_blocks, s->peak_bytes,  s->peak_blocks };

	for (int i = 0; i < NUMBERS; i++)
		v[i] = (double)n[i];
}

static void variances_of(const struct da_model_site *s, double v[NUMBERS])
{
	const struct da_model_sampled *m = s->sampled;
	const double n[NUMBERS] = { m->alloc.bytes_variance, m->alloc.blocks_variance,
				    m->live.bytes_variance,  m->live.blocks_variance,
				    m->peak.bytes_variance,  m->peak.blocks_variance };

	for (int i = 0; i < NUMBERS; i++)
		v[i] = n[i];
}

static struct da_model_site truth[SITES];
static struct da_model_totals exact;

static void replay_truth(void)
{
	const struct da_model *m = replay_all(0, 0);

	exact = m->totals;
	ck_assert_uint_eq(m->sample_bytes, 0);
	for (uint32_t i = 0; i < SITES; i++) {
		truth[i] = *find(m, i);
		ck_assert_ptr_null(truth[i].sampled);
		ck_assert_uint_gt(truth[i].live_blocks, 100);
		ck_assert_uint_gt(truth[i].peak_blocks, truth[i].live_blocks);
	}
}

START_TEST(totals_are_exact)
{
	const struct da_model *m;

	replay_truth();
	m = replay_all(MEAN, 1);
	ck_assert_mem_eq(&m->totals, &exact, sizeof exact);
	ck_assert_uint_eq(m->sample_bytes, MEAN);
	ck_assert_uint_gt(m->quality.calls_without_stack, 0);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	ck_assert_uint_eq(m->sites[0].alloc_calls, 0);
	ck_assert_uint_eq(m->sites[0].live_bytes, 0);
	ck_assert_uint_eq(m->sites[0].peak_bytes, 0);
	ck_assert_uint_eq(m->sites[0].released_bytes, exact.freed_bytes);
	ck_assert_uint_eq(find(m, 4)->alloc_calls, 0); /* 0 bytes: in the totals alone */
}
END_TEST

START_TEST(estimates_are_near_the_truth)
{
	const struct da_model *m;

	replay_truth();
	m = replay_all(MEAN, 1);
	for (uint32_t i = 0; i < 4; i++) {
		const struct da_model_site *s = find(m, i);
		double got[NUMBERS], want[NUMBERS], variance[NUMBERS];

		ck_assert_ptr_nonnull(s);
		numbers_of(s, got);
		numbers_of(&truth[i], want);
		variances_of(s, variance);
		for (int k = 0; k < NUMBERS; k++)
			ck_assert_msg(fabs(got[k] - want[k]) <= 3 * sqrt(variance[k]) + 1,
				      "site %u, number %d: %.0f, not %.0f +- %.1f", i, k, got[k],
				      want[k], 3 * sqrt(variance[k]));
	}
	/* far above the mean nothing is left to chance */
	ck_assert_uint_eq(find(m, 2)->alloc_bytes, truth[2].alloc_bytes);
	ck_assert_uint_eq(find(m, 2)->live_blocks, truth[2].live_blocks);
	ck_assert_uint_eq(find(m, 2)->sampled->peak.bytes, truth[2].peak_bytes);
}
END_TEST

/* Over many samples: on average the truth, with the variance told, inside the error told. */
#define SAMPLES 120

START_TEST(estimates_and_errors_are_unbiased)
{
	double sum[2][NUMBERS] = { { 0 } }, squares[2][NUMBERS] = { { 0 } };
	double told[2][NUMBERS] = { { 0 } };
	unsigned inside = 0;

	replay_truth();
	for (unsigned n = 0; n < SAMPLES; n++) {
		const struct da_model *m = replay_all(MEAN, 1000 + n);

		for (uint32_t i = 0; i < 2; i++) {
			double got[NUMBERS], want[NUMBERS], variance[NUMBERS];

			numbers_of(find(m, i), got);
			numbers_of(&truth[i], want);
			variances_of(find(m, i), variance);
			for (int k = 0; k < NUMBERS; k++) {
				sum[i][k] += got[k] - want[k];
				squares[i][k] += pow(got[k] - want[k], 2);
				told[i][k] += variance[k];
				inside += fabs(got[k] - want[k]) <=
					  (double)da_model_error(variance[k]);
			}
		}
	}
	for (uint32_t i = 0; i < 2; i++)
		for (int k = 0; k < NUMBERS; k++) {
			ck_assert_double_le(fabs(sum[i][k]), 3.5 * sqrt(told[i][k]));
			/* a variance found from so many samples is off by sqrt(2 / SAMPLES) */
			ck_assert_double_le(fabs(squares[i][k] / told[i][k] - 1),
					    4 * sqrt(2.0 / SAMPLES));
		}
	ck_assert_uint_ge(inside, SAMPLES * 2 * (NUMBERS)*91 / 100);
	ck_assert_uint_le(inside, SAMPLES * 2 * (NUMBERS)*98 / 100);
}
END_TEST

START_TEST(temporary_blocks_are_estimated)
{
	struct da_model_options options;
	const struct da_model_site *s;
	const struct da_model *m;
	uint64_t stack;

	da_model_options_init(&options);
	options.sample = MEAN;
	da_sample_init(&sample, MEAN, 3);
	replaying_restart(&options);
	stack = replaying_stack(1, 0x1000);
	for (int i = 0; i < 2000; i++) {
		stream_alloc(&st, 1, 0x100, MEAN / 2, choose(stack, MEAN / 2));
		stream_free(&st, 1, 0x100, 0);
	}
	m = replaying_finish();
	s = &m->sites[1];
	ck_assert_uint_eq(m->totals.temporary_blocks, 2000);
	ck_assert_uint_eq(s->temporary_blocks, s->alloc_calls);
	ck_assert_uint_eq(s->sampled->temporary.blocks, s->sampled->alloc.blocks);
	ck_assert_double_le(fabs((double)s->temporary_blocks - 2000),
			    3 * sqrt(s->sampled->temporary.blocks_variance));
	ck_assert_uint_eq(s->live_bytes, 0);
}
END_TEST

START_TEST(estimates_of_a_moment_and_of_some_sizes)
{
	struct da_model_options options;
	const struct da_model *m;
	uint64_t stack;

	da_model_options_init(&options);
	options.sample = 1;
	options.to_ns = 5 * MS;
	options.min_size = 8;
	options.older_ns = 1;
	replaying_restart(&options);
	stack = replaying_stack(1, 0x1000);
	stream_alloc(&st, 1, 0x100, 100, stack);
	stream_alloc(&st, 1, 0x200, 4, stack);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, 4 * MS);
	stream_alloc(&st, 1, 0x300, 200, 0);
	stream_numbers(&st, 1, DA_EXT_CLOCK, 1, 4 * MS);
	stream_free(&st, 1, 0x100, 0);
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.live_bytes, 300);
	ck_assert_uint_eq(m->sites[1].live_bytes, 100);
	ck_assert_uint_eq(m->sites[1].old_bytes, 100);
	ck_assert_uint_eq(m->sites[1].old_blocks, 1);
	ck_assert_uint_eq(m->sites[1].sampled->live.blocks, 1);
	ck_assert_uint_eq(da_model_error(m->sites[1].sampled->live.bytes_variance), 0);
}
END_TEST

START_TEST(a_hostile_recording_makes_no_nonsense)
{
	struct da_model_options options;
	const struct da_model *m;
	uint64_t stack;

	da_model_options_init(&options);
	options.sample = DA_STREAM_MAX_SAMPLE;
	replaying_restart(&options);
	stack = replaying_stack(1, 0x1000);
	stream_alloc(&st, 1, 0x100, 0, stack); /* cannot have been sampled */
	stream_alloc(&st, 1, 0x200, 1, stack);
	stream_alloc(&st, 1, 0x300, UINT64_MAX - 1, stack);
	m = replaying_finish();
	ck_assert_uint_eq(m->totals.alloc_bytes, UINT64_MAX);
	ck_assert_uint_eq(m->sites[1].alloc_bytes, UINT64_MAX);
	ck_assert_uint_eq(m->sites[1].alloc_calls, DA_STREAM_MAX_SAMPLE + 3);
}
END_TEST

START_TEST(frees_of_filtered_blocks_are_not_unknown)
{
	struct da_model_options options;
	struct da_header h = { .word_bits = 64, .min_size = 16, .max_size = UINT64_MAX };
	const struct da_model *m;

	for (int filtered = 0; filtered < 3; filtered++) {
		h.min_size = filtered == 1 ? 16 : 0;
		h.max_size = filtered == 2 ? 16 : UINT64_MAX;
		da_model_options_init(&options);
		da_model_options_take(&options, &h);
		replaying_restart(&options);
		stream_free(&st, 1, 0x500, 0);
		m = replaying_finish();
		ck_assert_uint_eq(m->quality.unknown_frees, !filtered);
		ck_assert_uint_eq(m->quality.filtered_frees, filtered != 0);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		totals_are_exact,
		estimates_are_near_the_truth,
		estimates_and_errors_are_unbiased,
		temporary_blocks_are_estimated,
		estimates_of_a_moment_and_of_some_sizes,
		a_hostile_recording_makes_no_nonsense,
		frees_of_filtered_blocks_are_not_unknown,
	};

	return replaying_run("model_sample", tests, sizeof tests / sizeof *tests);
}
