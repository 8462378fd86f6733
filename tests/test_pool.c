/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "codec/encode.h"
#include "codec/pool.h"
#include "codec/sweep.h"

#define POOL_BYTES (256u << 10)
#define THREADS 8u
#define RECORDS 30000u

static struct da_pool *pool;
static struct da_sweep sweep;

static void begin(size_t bytes)
{
	pool = aligned_alloc(64, bytes);
	memset(pool, 0, bytes);
	da_pool_init(pool, bytes);
	da_sweep_init(&sweep, pool, calloc(pool->n_chunks, sizeof(struct da_sweep_slot)),
		      calloc(pool->n_chunks, sizeof(uint16_t)));
}

static void end(void)
{
	free(sweep.slots);
	free(sweep.sorted);
	free(pool);
}

START_TEST(shape_of_a_pool_fits_its_bytes)
{
	static const size_t sizes[] = {DA_POOL_MIN_BYTES, 300u << 10, 1u << 20, 5u << 20, 256u << 20};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		begin(sizes[i]);
		ck_assert(da_pool_is_valid(pool, sizes[i]));
		ck_assert(!da_pool_is_valid(pool, sizes[i] / 2));
		ck_assert_uint_ge(pool->n_chunks, 16);
		ck_assert_uint_le(pool->n_chunks, DA_POOL_MAX_CHUNKS);
		end();
	}
}
END_TEST

START_TEST(depth_is_one_that_a_chunk_holds)
{
	static const uint32_t chunks[] = { DA_CHUNK_MIN_BYTES, 16u << 10 };
	struct da_pool p = { .depth = 0 };

	for (int i = 0; i < 2; i++) {
		p.chunk_bytes = chunks[i];
		p.depth = UINT32_MAX;
		da_pool_bound_depth(&p);
		ck_assert_uint_le(DA_ENCODE_STACK_MAX(p.depth) + 2 * DA_ENCODE_EVENT_MAX,
				  chunks[i] - sizeof(struct da_chunk));
		ck_assert_uint_gt(p.depth, chunks[i] / 12);
	}
	p.depth = 20;
	da_pool_bound_depth(&p);
	ck_assert_uint_eq(p.depth, 20);
	p.depth = 0;
	da_pool_bound_depth(&p);
	ck_assert_uint_eq(p.depth, 1);
}
END_TEST

START_TEST(pool_of_another_version_or_shape_is_refused)
{
	begin(POOL_BYTES);
	pool->version++;
	ck_assert(!da_pool_is_valid(pool, POOL_BYTES));
	pool->version--;
	pool->n_chunks = 0x10000000;
	ck_assert(!da_pool_is_valid(pool, POOL_BYTES));
	end();
}
END_TEST

static const struct da_order_config no_ticks, ticks = {.has_ticks = 1, .shift = 5};

static void take_keys(uint64_t *last, int n, bool is_now)
{
	for (int i = 0; i < n; i++) {
		uint64_t key = da_order_next(&pool->order, *last);

		ck_assert_uint_gt(key, *last);
		if (is_now)
			ck_assert_uint_eq(da_order_now(&pool->order, &no_ticks), key);
		*last = key;
	}
}

START_TEST(order_keys_grow_across_the_wrap_of_32_bits)
{
	uint64_t last = 0;

	begin(POOL_BYTES);
	take_keys(&last, 10, true);
	ck_assert_uint_eq(last, 10);
	pool->order.single_lo = 0xfffffff0u;
	take_keys(&last, 64, true);
	ck_assert_uint_eq(last, (1ull << 32) + 48);
	da_order_leave_single(&pool->order, true);
	for (unsigned era = 0; era < 6; era++) {
		pool->order.counter = era * 0x80000000u + 0x7ffffff0u;
		take_keys(&last, 64, true);
	}
	ck_assert_uint_gt(last, DA_ORDER_MANY + (2ull << 32));
	end();
}
END_TEST

START_TEST(keys_of_a_second_thread_are_above_all_of_the_first)
{
	uint64_t first = 0, second = 0;

	begin(POOL_BYTES);
	take_keys(&first, 100, true);
	da_order_leave_single(&pool->order, false);
	ck_assert(!da_order_is_single(&pool->order));
	take_keys(&second, 3, true);
	ck_assert_uint_eq(second, DA_ORDER_MANY + 3);
	take_keys(&first, 3, true);
	ck_assert_uint_eq(first, DA_ORDER_MANY + 6);
	da_order_leave_single(&pool->order, true);
	ck_assert_uint_eq(pool->order.phase, DA_ORDER_COUNTER);
	end();
}
END_TEST

static void begin_ticks(void)
{
	begin(POOL_BYTES);
	pool->order.has_ticks = 1;
	pool->order.shift = ticks.shift;
	da_sweep_init(&sweep, pool, sweep.slots, sweep.sorted);
	da_order_leave_single(&pool->order, true);
	ck_assert_uint_eq(pool->order.phase, DA_ORDER_TICKS);
}

START_TEST(keys_of_the_cpu_counter_grow_even_when_it_does_not)
{
	uint64_t last = 0, far = DA_ORDER_MANY * 2;

	if (!da_ticks_exist())
		return;
	begin_ticks();
	take_keys(&last, 100000, false);
	ck_assert_uint_ge(last, DA_ORDER_MANY);
	ck_assert_uint_le(last, da_order_latest(&pool->order, &ticks));
	ck_assert_uint_lt(da_order_now(&pool->order, &ticks), da_order_latest(&pool->order, &ticks));
	take_keys(&far, 10, false);
	ck_assert_uint_eq(far, DA_ORDER_MANY * 2 + 10);
	end();
}
END_TEST

START_TEST(a_drainer_without_a_counter_takes_a_scribbled_phase_for_the_other)
{
	begin(POOL_BYTES);
	for (uint32_t phase = 1; phase < 4; phase++) {
		pool->order.phase = phase;
		ck_assert_uint_eq(da_order_now(&pool->order, &no_ticks), DA_ORDER_MANY);
	}
	end();
}
END_TEST

START_TEST(an_era_that_is_one_too_old_widens_right)
{
	ck_assert_uint_eq(da_order_widen(0, 0x80000005u), 0x80000005u);
	ck_assert_uint_eq(da_order_widen(1, 0x00000005u), 0x100000005u);
	ck_assert_uint_eq(da_order_widen(2, 0x00000005u), 0x100000005u);
}
END_TEST

static uint32_t word(uint32_t serial, enum da_chunk_state s)
{
	return serial << DA_CHUNK_STATE_BITS | s;
}

/* What da_preload's lease does, in a few lines. */
struct writer {
	uint32_t serial, chunks, pos;
	uint64_t order;
	struct da_chunk *c;
};

static bool enter(struct writer *w)
{
	uint32_t owned = word(w->serial, DA_CHUNK_OWNED);

	if (w->c && __atomic_compare_exchange_n(&w->c->state, &owned, word(w->serial, DA_CHUNK_BUSY),
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return true;
	w->c = da_pool_acquire(pool, w->serial, 0, w->chunks);
	if (!w->c)
		return false;
	w->chunks++;
	w->pos = 0;
	return enter(w);
}

static void put(struct writer *w, uint32_t value)
{
	enum da_chunk_state next = DA_CHUNK_OWNED;

	while (!enter(w))
		;
	memcpy(da_chunk_payload(w->c) + w->pos, &value, 4);
	w->pos += 4;
	w->order = da_order_next(&pool->order, w->order);
	da_chunk_set_order(w->c, w->order);
	w->c->recorded++;
	w->c->seen++;
	__atomic_store_n(&w->c->committed, w->pos, __ATOMIC_RELEASE);
	if (w->pos + 4 > pool->chunk_bytes - sizeof(struct da_chunk))
		next = DA_CHUNK_FULL;
	__atomic_store_n(&w->c->state, word(w->serial, next), __ATOMIC_RELEASE);
	if (next == DA_CHUNK_FULL)
		w->c = NULL;
}

static uint32_t next_value[THREADS + 1];

static bool take_in_order(void *ctx, const struct da_sweep_piece *piece)
{
	(void)ctx;
	ck_assert_uint_le(piece->serial, THREADS);
	for (uint32_t i = 0; i < piece->len; i += 4) {
		uint32_t v;

		memcpy(&v, piece->bytes + i, 4);
		ck_assert_uint_eq(v, next_value[piece->serial]++);
	}
	return true;
}

static void *write_values(void *arg)
{
	struct writer w = {.serial = (uint32_t)(uintptr_t)arg};

	for (uint32_t i = 0; i < RECORDS; i++)
		put(&w, i);
	return NULL;
}

static void pass_the_slack(void)
{
	uint64_t until = da_ticks_now() + 2 * DA_ORDER_SLACK;

	while (da_ticks_now() < until)
		;
}

static void write_and_sweep(enum da_order_phase phase)
{
	pthread_t threads[THREADS];
	struct da_sweep_result r;
	uint64_t seen, recorded;

	if (phase == DA_ORDER_TICKS)
		begin_ticks();
	else
		begin(POOL_BYTES);
	da_order_leave_single(&pool->order, false);
	memset(next_value, 0, sizeof next_value);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_values, (void *)(i + 1));
	for (uint32_t done = 0; done < THREADS;) {
		da_sweep_run(&sweep, 1, take_in_order, NULL, &r);
		done = 0;
		for (uint32_t i = 1; i <= THREADS; i++)
			done += next_value[i] == RECORDS;
	}
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 3; i++) {
		if (phase == DA_ORDER_TICKS)
			pass_the_slack();
		da_sweep_run(&sweep, 0, take_in_order, NULL, &r);
	}
	ck_assert_uint_eq(r.free_chunks, pool->n_chunks);
	ck_assert_uint_ge(r.watermark, (uint64_t)THREADS * RECORDS);
	da_sweep_count(&sweep, &seen, &recorded);
	ck_assert_uint_eq(seen, (uint64_t)THREADS * RECORDS);
	ck_assert_uint_eq(recorded, seen);
	end();
}

START_TEST(everything_written_by_many_threads_arrives_once_in_order)
{
	write_and_sweep(DA_ORDER_COUNTER);
	if (da_ticks_exist())
		write_and_sweep(DA_ORDER_TICKS);
}
END_TEST

static bool count_bytes(void *ctx, const struct da_sweep_piece *piece)
{
	*(uint64_t *)ctx += piece->len;
	return true;
}

START_TEST(by_the_cpu_counter_too_an_event_being_written_holds_the_watermark_back)
{
	struct writer w = {.serial = 2};
	struct da_sweep_result r;
	uint64_t bytes = 0, last;

	if (!da_ticks_exist())
		return;
	begin_ticks();
	put(&w, 1);
	pass_the_slack();
	put(&w, 2);
	last = w.order;
	da_sweep_run(&sweep, 1, count_bytes, &bytes, &r);
	ck_assert_uint_eq(bytes, 8);
	ck_assert_uint_lt(r.watermark, last); /* the slack */
	pass_the_slack();
	da_sweep_run(&sweep, 9, count_bytes, &bytes, &r);
	ck_assert_uint_gt(r.watermark, last);
	ck_assert(enter(&w));
	pass_the_slack();
	da_sweep_run(&sweep, 9, count_bytes, &bytes, &r);
	ck_assert_uint_eq(r.watermark, last);
	end();
}
END_TEST

START_TEST(by_the_cpu_counter_a_new_chunk_waits_for_the_next_sweep)
{
	struct writer w = {.serial = 2};
	struct da_sweep_result r;
	uint64_t bytes = 0;

	if (!da_ticks_exist())
		return;
	begin_ticks();
	put(&w, 1);
	da_sweep_run(&sweep, 9, count_bytes, &bytes, &r);
	ck_assert_uint_lt(r.watermark, w.order);
	pass_the_slack();
	da_sweep_run(&sweep, 9, count_bytes, &bytes, &r);
	ck_assert_uint_eq(bytes, 4);
	end();
}
END_TEST

START_TEST(an_event_being_written_holds_the_watermark_back)
{
	struct writer w = {.serial = 1};
	struct da_sweep_result r;
	uint64_t bytes = 0;

	begin(POOL_BYTES);
	put(&w, 1);
	put(&w, 2);
	ck_assert(enter(&w));
	da_order_next(&pool->order, w.order);
	da_sweep_run(&sweep, 0, count_bytes, &bytes, &r);
	ck_assert_uint_eq(r.watermark, 3); /* the chunk's own key, and two events' */
	ck_assert_uint_eq(bytes, 8);
	end();
}
END_TEST

START_TEST(a_thread_that_died_busy_loses_only_the_event_in_hand)
{
	struct writer w = {.serial = 1};
	struct da_sweep_result r;
	uint64_t bytes = 0, seen, recorded;

	begin(POOL_BYTES);
	put(&w, 1);
	ck_assert(enter(&w));
	w.c->seen++;
	da_sweep_run(&sweep, 0, count_bytes, &bytes, &r);
	ck_assert_uint_eq(bytes, 4);
	da_sweep_count(&sweep, &seen, &recorded);
	ck_assert_uint_eq(seen, 2);
	ck_assert_uint_eq(recorded, 1);
	end();
}
END_TEST

START_TEST(an_idle_owner_loses_its_chunk_and_gets_another)
{
	struct writer w = {.serial = 1};
	struct da_sweep_result r;
	uint64_t bytes = 0;

	begin(POOL_BYTES);
	put(&w, 1);
	da_sweep_run(&sweep, 2, count_bytes, &bytes, &r);
	ck_assert_uint_eq(r.free_chunks, pool->n_chunks - 1);
	da_sweep_run(&sweep, 2, count_bytes, &bytes, &r);
	da_sweep_run(&sweep, 2, count_bytes, &bytes, &r);
	da_sweep_run(&sweep, 2, count_bytes, &bytes, &r);
	ck_assert_uint_eq(r.free_chunks, pool->n_chunks);
	put(&w, 2);
	ck_assert_uint_eq(w.chunks, 2);
	da_sweep_run(&sweep, 2, count_bytes, &bytes, &r);
	ck_assert_uint_eq(bytes, 8);
	end();
}
END_TEST

static bool refuse(void *ctx, const struct da_sweep_piece *piece)
{
	(void)ctx, (void)piece;
	return false;
}

START_TEST(what_a_callback_refuses_is_offered_again)
{
	struct writer w = {.serial = 1};
	struct da_sweep_result r;
	uint64_t bytes = 0;

	begin(POOL_BYTES);
	put(&w, 1);
	da_sweep_run(&sweep, 0, refuse, NULL, &r);
	ck_assert(r.stopped);
	ck_assert_uint_eq(r.watermark, 0);
	da_sweep_run(&sweep, 0, count_bytes, &bytes, &r);
	ck_assert_uint_eq(bytes, 4);
	end();
}
END_TEST

static uint64_t random_state = 7;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static bool check_bounds(void *ctx, const struct da_sweep_piece *piece)
{
	const uint8_t *lo = (const uint8_t *)pool, *hi = lo + POOL_BYTES;

	(void)ctx;
	ck_assert(piece->bytes >= lo && piece->bytes + piece->len <= hi);
	ck_assert_uint_lt(piece->process, DA_POOL_MAX_PROCESSES);
	ck_assert_uint_ge(piece->serial, 1);
	return true;
}

START_TEST(a_scribbled_pool_never_leads_outside_it)
{
	struct da_sweep_result r;

	begin(POOL_BYTES);
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t *words = (uint64_t *)pool;

		for (unsigned i = 0; i < 200; i++)
			words[next_random() % (POOL_BYTES / 8)] = next_random();
		for (uint32_t i = 0; i < sweep.n_chunks; i++)
			if (next_random() % 2)
				((struct da_chunk *)((uint8_t *)pool + sweep.chunks_offset +
						     (size_t)i * sweep.chunk_bytes))
					->state = (uint32_t)next_random();
		da_sweep_run(&sweep, (uint32_t)(round % 3), check_bounds, NULL, &r);
	}
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, shape_of_a_pool_fits_its_bytes);
	tcase_add_test(t, depth_is_one_that_a_chunk_holds);
	tcase_add_test(t, pool_of_another_version_or_shape_is_refused);
	tcase_add_test(t, order_keys_grow_across_the_wrap_of_32_bits);
	tcase_add_test(t, keys_of_a_second_thread_are_above_all_of_the_first);
	tcase_add_test(t, keys_of_the_cpu_counter_grow_even_when_it_does_not);
	tcase_add_test(t, a_drainer_without_a_counter_takes_a_scribbled_phase_for_the_other);
	tcase_add_test(t, by_the_cpu_counter_too_an_event_being_written_holds_the_watermark_back);
	tcase_add_test(t, by_the_cpu_counter_a_new_chunk_waits_for_the_next_sweep);
	tcase_add_test(t, an_era_that_is_one_too_old_widens_right);
	tcase_add_test(t, everything_written_by_many_threads_arrives_once_in_order);
	tcase_add_test(t, an_event_being_written_holds_the_watermark_back);
	tcase_add_test(t, a_thread_that_died_busy_loses_only_the_event_in_hand);
	tcase_add_test(t, an_idle_owner_loses_its_chunk_and_gets_another);
	tcase_add_test(t, what_a_callback_refuses_is_offered_again);
	tcase_add_test(t, a_scribbled_pool_never_leads_outside_it);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
