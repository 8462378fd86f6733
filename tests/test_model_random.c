/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random programs, replayed and reckoned by brute force: every number must agree. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "model/replay.h"
#include "stream.h"

#define THREADS 6
#define STACKS 12
#define ADDRS 40
#define STEPS 3000

struct block {
	bool live;
	uint64_t size;
	int stack, thread;
	uint64_t serial; /* of its thread's allocations */
};

struct numbers {
	uint64_t allocs, bytes, live, blocks, peak, peak_blocks, temporary, failed;
};

/* What the program did, by definition. */
static struct {
	struct block blocks[ADDRS];
	struct numbers sites[STACKS], all;
	uint64_t serial[THREADS];
	uint64_t free_calls;
} want;

static struct stream st;
static struct da_replay *replay;
static uint64_t ids[THREADS][STACKS];
static uint64_t random_state;
/* A realloc whose block has been given back and not yet handed out again, by thread. */
static struct {
	bool open;
	struct da_event event;
	int stack;
} halves[THREADS];

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % below;
}

static void feed(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len)
{
	struct da_replay_piece piece = { .thread = thread, .bytes = bytes, .len = len };

	(void)ctx;
	ck_assert(da_replay_feed(replay, &piece, NULL));
}

static void want_acquire(int thread, int addr, uint64_t size, int stack)
{
	struct numbers *s = &want.sites[stack];

	want.blocks[addr] = (struct block){ true, size, stack, thread, ++want.serial[thread] };
	s->allocs++, s->bytes += size, s->live += size, s->blocks++;
	want.all.allocs++, want.all.bytes += size, want.all.live += size, want.all.blocks++;
	if (want.all.live <= want.all.peak)
		return;
	want.all.peak = want.all.live;
	want.all.peak_blocks = want.all.blocks;
	for (int i = 0; i < STACKS; i++) {
		want.sites[i].peak = want.sites[i].live;
		want.sites[i].peak_blocks = want.sites[i].blocks;
	}
}

static void want_release(int addr)
{
	struct block *b = &want.blocks[addr];
	struct numbers *s = &want.sites[b->stack];
	bool temporary = want.serial[b->thread] == b->serial;

	b->live = false;
	s->live -= b->size, s->blocks--, s->temporary += temporary;
	want.all.live -= b->size, want.all.blocks--, want.all.temporary += temporary;
	want.free_calls++;
}

static da_addr addr_of(int addr)
{
	return 0x7f0000000000 + (uint64_t)addr * (addr % 3 ? 16 : 13);
}

static int find_addr(bool live)
{
	int first = (int)next_random(ADDRS);

	for (int i = 0; i < ADDRS; i++)
		if (want.blocks[(first + i) % ADDRS].live == live)
			return (first + i) % ADDRS;
	return -1;
}

static uint64_t stack_id(int thread, int stack)
{
	uintptr_t pcs[8];

	/* depth, common outer part and leaf differ in many ways */
	for (int i = 0; i < 8; i++)
		pcs[7 - i] = 0x1000u * (unsigned)(i + 1) + (i > stack % 5 ? (unsigned)stack : 0);
	if (!ids[thread][stack])
		ids[thread][stack] = stream_stack(&st, (uint32_t)thread + 1, pcs + stack % 3,
						  8 - (uint32_t)stack % 3);
	return ids[thread][stack];
}

static uint64_t random_size(void)
{
	return next_random(4) ? next_random(200) : next_random(100000);
}

/* The second half of a realloc is written as one event with the first: finish it. */
static void finish_realloc(int thread, int to)
{
	struct da_event *e = &halves[thread].event;

	e->order_acquired = ++st.order;
	e->addr = addr_of(to);
	stream_event(&st, (uint32_t)thread + 1, e);
	want_acquire(thread, to, e->size, halves[thread].stack);
	halves[thread].open = false;
}

static void begin_realloc(int thread, int from, int stack)
{
	halves[thread].open = true;
	halves[thread].stack = stack;
	halves[thread].event = (struct da_event){
		.kind = DA_KIND_REALLOC,
		.func = DA_FUNC_REALLOC,
		.order = ++st.order,
		.old_addr = addr_of(from),
		.size = random_size(),
		.stack = stack_id(thread, stack),
	};
	want_release(from);
}

static void step(void)
{
	int thread = (int)next_random(THREADS), stack = (int)next_random(STACKS);
	uint32_t t = (uint32_t)thread + 1;
	int live = find_addr(true), unused = find_addr(false);

	if (halves[thread].open) {
		if (unused >= 0)
			finish_realloc(thread, unused);
		return;
	}
	switch (next_random(8)) {
	case 0:
		want.sites[stack].failed++;
		want.all.failed++;
		stream_fail(&st, t, 12, stack_id(thread, stack));
		break;
	case 1:
		if (live >= 0)
			begin_realloc(thread, live, stack);
		break;
	case 2:
	case 3:
	case 4:
		if (live >= 0) {
			want_release(live);
			stream_free(&st, t, addr_of(live),
				    next_random(2) ? 0 : stack_id(thread, stack));
		}
		break;
	default:
		if (unused >= 0) {
			uint64_t size = random_size();

			want_acquire(thread, unused, size, stack);
			stream_alloc(&st, t, addr_of(unused), size, stack_id(thread, stack));
		}
	}
}

static bool any_half_open(void)
{
	for (int i = 0; i < THREADS; i++)
		if (halves[i].open)
			return true;
	return false;
}

/* The site of @stack in the model: no two stacks have the same frames. */
static const struct da_model_site *site_of(const struct da_model *m, int stack)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];

	for (size_t i = 1; i < m->n_sites; i++) {
		da_model_frames(m, &m->sites[i], f);
		if (m->sites[i].depth == 8 - (uint32_t)stack % 3 &&
		    (f[0].vaddr & 0xfff) == (unsigned)stack)
			return &m->sites[i];
	}
	return NULL;
}

static void check_numbers(const struct numbers *w, const struct da_model_site *s)
{
	ck_assert_uint_eq(s->alloc_calls, w->allocs);
	ck_assert_uint_eq(s->alloc_bytes, w->bytes);
	ck_assert_uint_eq(s->live_bytes, w->live);
	ck_assert_uint_eq(s->live_blocks, w->blocks);
	ck_assert_uint_eq(s->peak_bytes, w->peak);
	ck_assert_uint_eq(s->peak_blocks, w->peak_blocks);
	ck_assert_uint_eq(s->temporary_blocks, w->temporary);
	ck_assert_uint_eq(s->failed_calls, w->failed);
}

static void check_model(const struct da_model *m)
{
	const struct da_model_totals *t = &m->totals;
	struct da_model_site all = {
		.alloc_calls = t->alloc_calls,
		.alloc_bytes = t->alloc_bytes,
		.live_bytes = t->live_bytes,
		.live_blocks = t->live_blocks,
		.peak_bytes = t->peak_bytes,
		.peak_blocks = t->peak_blocks,
		.temporary_blocks = t->temporary_blocks,
		.failed_calls = t->failed_calls,
	};

	check_numbers(&want.all, &all);
	ck_assert_uint_eq(t->free_calls, want.free_calls);
	ck_assert_uint_eq(m->quality.order_repairs, 0);
	ck_assert_uint_eq(m->quality.unknown_frees, 0);
	ck_assert_uint_eq(m->quality.forced_releases, 0);
	for (int i = 0; i < STACKS; i++) {
		const struct da_model_site *s = site_of(m, i);

		if (s)
			check_numbers(&want.sites[i], s);
		else
			ck_assert_uint_eq(want.sites[i].allocs + want.sites[i].failed, 0);
	}
}

START_TEST(random_program_agrees_with_brute_force)
{
	random_state = 0x1234567u + (uint64_t)_i * 977;
	memset(&want, 0, sizeof(want));
	memset(&st, 0, sizeof(st));
	memset(ids, 0, sizeof(ids));
	st.take = feed;
	replay = da_replay_create(NULL);
	for (int i = 0; i < STEPS; i++) {
		step();
		if (!next_random(20))
			stream_flush(&st, (uint32_t)next_random(THREADS) + 1);
		if (!next_random(50) && !any_half_open())
			stream_sync(&st);
		if (!next_random(500))
			da_replay_snapshot(replay);
		if (!next_random(300) && !halves[1].open)
			stream_numbers(&st, 2, DA_EXT_THREAD_END, 0); /* packed away, goes on */
	}
	while (any_half_open())
		step();
	stream_sync(&st);
	check_model(da_replay_finish(replay));
	da_replay_destroy(replay);
	stream_deinit(&st);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model_random");
	TCase *tc = tcase_create("random");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_program_agrees_with_brute_force, 0, 40);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
