/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "codec/decode.h"
#include "codec/encode.h"

/* An encoder and what it has written. */
static struct {
	struct da_encoder e;
	struct da_named_index named;
	struct da_named_large large;
	uint8_t bytes[1 << 16];
	uint8_t *p;
} w;
static struct da_decoder d;

static void begin(void)
{
	memset(&w, 0, sizeof w);
	memset(&d, 0, sizeof d);
	w.e.named = &w.named;
	da_named_init(&w.named, &w.large);
	w.p = w.bytes;
}

static struct da_cursor all(void)
{
	return (struct da_cursor){.bytes = w.bytes, .len = (size_t)(w.p - w.bytes)};
}

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Fewer than make the ring grow, which forgets. */
#define AROUND 20u

START_TEST(addresses_named_lately_take_a_byte)
{
	struct da_event e = {.kind = DA_KIND_FREE, .func = DA_FUNC_FREE};
	struct da_cursor c;

	begin();
	for (unsigned i = 0; i < 3 * AROUND; i++) {
		uint8_t *before = w.p;

		e.order = i + 1;
		e.addr = 0x12345678000u + i % AROUND * 0x123450;
		w.p = da_encode_free(&w.e, w.p, &e);
		if (i >= AROUND)
			ck_assert_int_eq(w.p - before, 2);
	}
	for (unsigned i = 0; i < 4; i++) {
		e.order++;
		e.addr = 0x12345678000u + (AROUND - 1 - i % 2) * 0x123450;
		w.p = da_encode_free(&w.e, w.p, &e);
		ck_assert_int_eq(w.p[-1], i ? 2 * 2 : DA_KIND_FREE | DA_EVENT_LAST);
	}
	c = all();
	for (unsigned i = 0; i < 3 * AROUND + 4; i++)
		ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_EVENT);
	ck_assert_uint_eq(e.addr, 0x12345678000u + (AROUND - 2) * 0x123450u);
}
END_TEST

START_TEST(an_address_that_was_not_named_is_refused)
{
	static const uint8_t none[] = {DA_KIND_FREE, 0}, first[] = {DA_KIND_FREE, 2},
			     second[] = {DA_KIND_FREE, 0x11, DA_KIND_FREE, 4},
			     far[] = {DA_KIND_FREE, 0x11, DA_KIND_FREE, 0x82, 0x08};
	static const struct {
		const uint8_t *bytes;
		size_t len;
	} bad[] = {{none, 2}, {first, 2}, {second, 4}, {far, 5}};
	struct da_event e;

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct da_cursor c = {.bytes = bad[i].bytes, .len = bad[i].len};

		begin();
		while (c.pos + 2 < c.len && c.pos == 0)
			ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_EVENT);
		ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_BAD);
		ck_assert_str_eq(c.why, "address not named yet");
	}
}
END_TEST

/* A thread that has named 2^32 addresses: the encoder's count begins anew, its ring does not. */
START_TEST(the_count_may_pass_its_end)
{
	struct da_event e = {.kind = DA_KIND_FREE, .func = DA_FUNC_FREE}, got;

	begin();
	for (unsigned i = 0; i < 8 * DA_EVENT_NAMED; i++) {
		struct da_cursor c;

		if (i == 3 * DA_EVENT_NAMED) {
			w.named.n += UINT32_MAX - 4 * DA_EVENT_NAMED + 1;
			d.named.n += UINT32_MAX - 4 * DA_EVENT_NAMED + 1;
		}
		w.p = w.bytes;
		e.order = i + 1;
		e.addr = 0x1000 + i % 300 * 0x1230;
		w.p = da_encode_free(&w.e, w.p, &e);
		c = all();
		ck_assert_int_eq(da_decode(&d, &c, &got), DA_DECODE_EVENT);
		ck_assert_uint_eq(got.addr, e.addr);
	}
	ck_assert_uint_lt(w.named.n, 8 * DA_EVENT_NAMED);
}
END_TEST

START_TEST(an_encoder_begun_anew_trusts_no_stale_index)
{
	struct da_event e = {.kind = DA_KIND_FREE, .func = DA_FUNC_FREE}, got;

	begin();
	for (unsigned life = 0; life < 50; life++) {
		struct da_cursor c;

		w.e = (struct da_encoder){.named = &w.named};
		da_named_clear(&w.named);
		w.p = w.bytes;
		memset(&d, 0, sizeof d);
		for (unsigned i = 0; i < 20 + life * 13; i++) {
			e.order = i + 1;
			e.addr = 0x1000 + next_random() % 700 * 16;
			w.p = da_encode_free(&w.e, w.p, &e);
			c = (struct da_cursor){.bytes = w.bytes, .len = (size_t)(w.p - w.bytes)};
			ck_assert_int_eq(da_decode(&d, &c, &got), DA_DECODE_EVENT);
			ck_assert_uint_eq(got.addr, e.addr);
			w.p = w.bytes;
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("codec_named");
	TCase *t = tcase_create("codec_named");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, addresses_named_lately_take_a_byte);
	tcase_add_test(t, an_address_that_was_not_named_is_refused);
	tcase_add_test(t, the_count_may_pass_its_end);
	tcase_add_test(t, an_encoder_begun_anew_trusts_no_stale_index);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
