/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ds/arena.h"
#include "ds/intern.h"
#include "ds/map.h"
#include "ds/mem.h"
#include "ds/vec.h"

static uint64_t random_state = 1;

/* xorshift64: the same numbers on every run */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

START_TEST(strndup_copies_bytes_after_a_nul)
{
	char *s = da_xstrndup("a\0b", 3);

	ck_assert_mem_eq(s, "a\0b", 4);
	free(s);
}
END_TEST

START_TEST(vec_keeps_items_while_it_grows)
{
	uint32_t *v = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		v = da_vec_reserve(v, &cap, i + 1, sizeof(*v));
		v[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(v[i], i);
	free(v);
}
END_TEST

START_TEST(arena_memory_is_zero_and_does_not_overlap)
{
	struct da_arena a = { 0 };
	uint8_t *p[300];

	for (int i = 0; i < 300; i++) {
		p[i] = da_arena_alloc(&a, (size_t)i * 7);
		ck_assert_uint_eq((uintptr_t)p[i] % 8, 0);
		for (int j = 0; j < i * 7; j++)
			ck_assert_uint_eq(p[i][j], 0);
		memset(p[i], i, (size_t)i * 7);
	}
	for (int i = 0; i < 300; i++)
		for (int j = 0; j < i * 7; j++)
			ck_assert_uint_eq(p[i][j], (uint8_t)i);
	memset(da_arena_alloc(&a, 1 << 20), 1, 1 << 20);
	da_arena_deinit(&a);
}
END_TEST

START_TEST(map_finds_nothing_in_an_empty_map)
{
	struct da_map m;

	da_map_init(&m, 8);
	ck_assert_ptr_null(da_map_find(&m, 1));
	ck_assert_ptr_null(da_map_find(&m, 0));
	ck_assert(!da_map_remove(&m, 1, NULL));
	da_map_deinit(&m);
}
END_TEST

/* Brute force: keys below 512 so that puts and removes meet, against a plain array. */
static void check_against_array(size_t value_size, uint64_t step)
{
	uint64_t want[512] = { 0 };
	struct da_map m;
	size_t n = 0;

	da_map_init(&m, value_size);
	for (int round = 0; round < 200000; round++) {
		uint64_t r = next_random(), k = r % 511 + 1;
		uint64_t key = k * step, old[4] = { 0 };
		bool is_new;

		if (r >> 60 & 1) {
			uint64_t *v = da_map_put(&m, key, &is_new);

			ck_assert_int_eq(is_new, !want[k]);
			ck_assert_uint_eq(v[value_size / 8 - 1], want[k]);
			n += is_new;
			v[value_size / 8 - 1] = want[k] = r | 1;
		} else {
			ck_assert_int_eq(da_map_remove(&m, key, old), want[k] != 0);
			ck_assert_uint_eq(old[value_size / 8 - 1], want[k]);
			n -= want[k] != 0;
			want[k] = 0;
		}
		ck_assert_uint_eq(m.n, n);
	}
	for (uint64_t k = 1; k < 512; k++) {
		uint64_t *v = da_map_find(&m, k * step);

		ck_assert_int_eq(v != NULL, want[k] != 0);
		if (v)
			ck_assert_uint_eq(v[value_size / 8 - 1], want[k]);
	}
	da_map_deinit(&m);
}

START_TEST(map_agrees_with_an_array_under_random_puts_and_removes)
{
	check_against_array(8, 1);
	check_against_array(8, 16);
	check_against_array(24, 0x1000);
	check_against_array(24, (uint64_t)1 << 54);
}
END_TEST

START_TEST(map_visits_each_entry_once)
{
	struct da_map m;
	uint64_t key, sum = 0;
	size_t at = 0, n = 0;

	da_map_init(&m, 0);
	for (uint64_t k = 1; k <= 1000; k++)
		da_map_put(&m, k, NULL);
	while (da_map_next(&m, &at, &key)) {
		sum += key;
		n++;
	}
	ck_assert_uint_eq(n, 1000);
	ck_assert_uint_eq(sum, 500500);
	da_map_clear(&m);
	at = 0;
	ck_assert_ptr_null(da_map_next(&m, &at, &key));
	da_map_deinit(&m);
}
END_TEST

START_TEST(intern_gives_each_distinct_sequence_one_id)
{
	struct da_intern t = { 0 };
	uint32_t id;

	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 5000; i++) {
			uint32_t bytes[2] = { i, i * i };

			ck_assert_uint_eq(da_intern_put(&t, bytes, i % 5 + 4), i);
		}
	ck_assert_uint_eq(t.n, 5000);
	ck_assert(!da_intern_find(&t, "nobody", 6, &id));
	id = da_intern_put(&t, "", 0);
	ck_assert_uint_eq(id, 5000);
	ck_assert_uint_eq(da_intern_put_text(&t, ""), 5000);
	ck_assert_str_eq(da_intern_get(&t, id), "");
	ck_assert(da_intern_find(&t, "", 0, &id));
	da_intern_deinit(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ds");
	TCase *tc = tcase_create("ds");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, strndup_copies_bytes_after_a_nul);
	tcase_add_test(tc, vec_keeps_items_while_it_grows);
	tcase_add_test(tc, arena_memory_is_zero_and_does_not_overlap);
	tcase_add_test(tc, map_finds_nothing_in_an_empty_map);
	tcase_add_test(tc, map_agrees_with_an_array_under_random_puts_and_removes);
	tcase_add_test(tc, map_visits_each_entry_once);
	tcase_add_test(tc, intern_gives_each_distinct_sequence_one_id);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
