/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/err.h"
#include "base/fmt.h"
#include "codec/block.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/header.h"
#include "codec/varint.h"

#define DEPTH 64u

/* An encoder with room for its frames, and what it has written. */
struct writer {
	struct da_encoder e;
	struct da_named_index named;
	struct da_named_large large;
	uintptr_t frames[DEPTH];
	uint8_t exact[DEPTH];
	uint8_t bytes[1 << 20];
	uint8_t *p;
};

static struct writer w;
static struct da_decoder d;

static void begin(void)
{
	memset(&w, 0, sizeof w);
	memset(&d, 0, sizeof d);
	w.e.frames = w.frames;
	w.e.exact = w.exact;
	w.e.named = &w.named;
	da_named_init(&w.named, &w.large);
	w.p = w.bytes;
}

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct da_cursor all(void)
{
	return (struct da_cursor){.bytes = w.bytes, .len = (size_t)(w.p - w.bytes)};
}

static void assert_same(const struct da_event *a, const struct da_event *b)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->order, b->order);
	ck_assert_uint_eq(a->order_acquired, b->order_acquired);
	ck_assert_int_eq(a->func, b->func);
	ck_assert_uint_eq(a->addr, b->addr);
	ck_assert_uint_eq(a->old_addr, b->old_addr);
	ck_assert_uint_eq(a->size, b->size);
	ck_assert_uint_eq(a->stack, b->stack);
}

START_TEST(varints_of_all_lengths_come_back)
{
	for (unsigned shift = 0; shift < 64; shift++) {
		for (int64_t off = -1; off <= 1; off++) {
			uint64_t v = (1ull << shift) + (uint64_t)off, got = 0;
			uint8_t b[DA_VARINT_MAX];
			uint8_t *end = da_varint_put(b, v);

			ck_assert_ptr_eq(da_varint_get(b, end, &got), end);
			ck_assert_uint_eq(got, v);
			for (uint8_t *cut = b; cut < end; cut++)
				ck_assert_ptr_null(da_varint_get(b, cut, &got));
		}
	}
}
END_TEST

START_TEST(varints_longer_than_needed_or_64_bits_are_refused)
{
	static const uint8_t padded[] = {0x80, 0x00};
	static const uint8_t too_big[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
	static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
	uint64_t v;

	ck_assert_ptr_null(da_varint_get(padded, padded + sizeof padded, &v));
	ck_assert_ptr_null(da_varint_get(too_big, too_big + sizeof too_big, &v));
	ck_assert_ptr_null(da_varint_get(endless, endless + sizeof endless, &v));
}
END_TEST

START_TEST(zigzag_keeps_small_magnitudes_small)
{
	ck_assert_uint_eq(da_zigzag(0), 0);
	ck_assert_uint_eq(da_zigzag(-1), 1);
	ck_assert_uint_eq(da_zigzag(1), 2);
	ck_assert_int_eq(da_unzigzag(da_zigzag(INT64_MIN)), INT64_MIN);
	ck_assert_int_eq(da_unzigzag(da_zigzag(INT64_MAX)), INT64_MAX);
}
END_TEST

START_TEST(malloc_then_free_of_the_block_take_few_bytes)
{
	struct da_event alloc = {.kind = DA_KIND_ALLOC, .order = 1, .addr = 0x1000, .size = 24};
	struct da_event release = {.kind = DA_KIND_FREE, .order = 2, .func = DA_FUNC_FREE, .addr = 0x1000};
	/* alloc with a size: tag, 24, 2 * zigzag(0x1000 / 8) + 1 = 2049; free: of the last address */
	static const uint8_t golden[] = {0x21, 24, 0x81, 0x10, 0x22};

	begin();
	w.p = da_encode_alloc(&w.e, w.p, &alloc);
	w.p = da_encode_free(&w.e, w.p, &release);
	ck_assert_uint_eq(w.p - w.bytes, sizeof golden);
	ck_assert_mem_eq(w.bytes, golden, sizeof golden);
}
END_TEST

START_TEST(realloc_golden_bytes)
{
	struct da_event e = {.kind = DA_KIND_REALLOC, .func = DA_FUNC_REALLOC, .order = 5,
			     .order_acquired = 9, .old_addr = 0x100, .addr = 0x203, .size = 300};
	/* tag REALLOC|ORDER|MOVED|BYTES, +5, +4, size 300, and 2 * zigzag + 1 of 0x100 and 0x103 */
	static const uint8_t golden[] = {0xab, 5, 4, 0xac, 0x02, 0x81, 0x08, 0x8d, 0x08};

	begin();
	w.p = da_encode_realloc(&w.e, w.p, &e);
	ck_assert_uint_eq(w.p - w.bytes, sizeof golden);
	ck_assert_mem_eq(w.bytes, golden, sizeof golden);
}
END_TEST

/* One of few, or any, aligned or not. */
static da_addr random_addr(void)
{
	if (next_random() % 2)
		return 0x5600000000u + next_random() % 1000 * 48;
	return (next_random() >> (next_random() % 64) & DA_ADDR_MASK) & ~(next_random() % 2 ? 15ull : 0);
}

static struct da_event random_event(uint64_t *order, uint64_t n_stacks)
{
	static const enum da_kind kinds[] = {DA_KIND_ALLOC, DA_KIND_FREE, DA_KIND_REALLOC, DA_KIND_FAIL};
	struct da_event e = {.kind = kinds[next_random() % 4]};

	*order += next_random() % 3 ? 1 : 1 + next_random() % 100000;
	e.order = *order;
	if (e.kind == DA_KIND_REALLOC) {
		*order += 1 + (next_random() % 4 ? 0 : next_random() % 50);
		e.order_acquired = *order;
		e.old_addr = random_addr();
	}
	e.func = (enum da_func)(next_random() % DA_FUNC_COUNT);
	if (e.kind != DA_KIND_FAIL)
		e.addr = random_addr();
	if (e.kind != DA_KIND_FREE)
		e.size = next_random() >> (next_random() % 64);
	e.stack = next_random() % (n_stacks + 1);
	return e;
}

static uint8_t *encode(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	switch (event->kind) {
	case DA_KIND_FREE: return da_encode_free(e, p, event);
	case DA_KIND_REALLOC: return da_encode_realloc(e, p, event);
	default: return da_encode_alloc(e, p, event);
	}
}

static void put_random_stack(void)
{
	uintptr_t pcs[DEPTH];
	uint8_t exact[DEPTH] = {0};
	struct da_encode_frames f = {pcs, exact, (uint32_t)(next_random() % DEPTH), 2};
	uint8_t *before = w.p;
	size_t most;

	for (uint32_t i = 0; i < f.n; i++)
		pcs[i] = 0x7f0000000000u + (next_random() % 5 == 0 ? next_random() % 4096 : i);
	if (f.n)
		exact[next_random() % f.n] = 1;
	most = da_encode_stack_bytes(&w.e, &f);
	w.p = da_encode_stack(&w.e, w.p, &f);
	ck_assert_uint_le((size_t)(w.p - before), most);
}

START_TEST(random_events_come_back)
{
	static struct da_event events[20000];
	uint64_t order = 0;
	struct da_cursor c;
	struct da_event got;
	unsigned n = 0;

	begin();
	for (unsigned i = 0; i < 20000; i++) {
		if (i % 50 == 0)
			put_random_stack();
		events[i] = random_event(&order, w.e.n_stacks);
		uint8_t *before = w.p;
		w.p = encode(&w.e, w.p, &events[i]);
		ck_assert_int_le(w.p - before, DA_ENCODE_EVENT_MAX);
	}
	c = all();
	while (da_decode(&d, &c, &got) == DA_DECODE_EVENT) {
		if (got.kind == DA_KIND_EXT)
			continue;
		assert_same(&got, &events[n++]);
	}
	ck_assert_uint_eq(n, 20000);
	ck_assert_uint_eq(c.pos, c.len);
}
END_TEST

START_TEST(stacks_share_outer_frames)
{
	uintptr_t first[] = {0x10, 0x20, 0x30}, second[] = {0x10, 0x20, 0x41};
	uint8_t exact[3] = {0};
	struct da_encode_frames f = {first, exact, 3, 0};
	struct da_cursor c;
	struct da_event e;

	begin();
	w.p = da_encode_stack(&w.e, w.p, &f);
	f.pcs = second;
	w.p = da_encode_stack(&w.e, w.p, &f);
	c = all();
	ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_EVENT);
	ck_assert_uint_eq(e.new_stack.keep, 0);
	ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_EVENT);
	ck_assert_uint_eq(e.new_stack.id, 2);
	ck_assert_uint_eq(e.new_stack.keep, 2);
	ck_assert_uint_eq(e.new_stack.n, 1);
	ck_assert_uint_eq(d.last_depth, 3);
	ck_assert_uint_eq(d.frames[0], 0x10);
	ck_assert_uint_eq(d.frames[2], 0x41);
}
END_TEST

static void put_module(void)
{
	static const struct da_segment segments[] = {{0, 0x1000, 0, 0x1000, 4}, {0x2000, 0x800, 0x2000, 0x700, 5}};
	struct da_event e = {.kind = DA_KIND_EXT, .ext = DA_EXT_MODULE_LOAD, .order = 3};

	e.module.id = 1;
	e.module.bias = 0x7f1234560000u;
	e.module.path = "/lib/x.so";
	e.module.path_len = 9;
	e.module.build_id = (const uint8_t *)"\xde\xad\xbe\xef";
	e.module.build_id_len = 4;
	e.module.segments = segments;
	e.module.n_segments = 2;
	e.module.role = DA_MODULE_LIBRARY;
	w.p = da_encode_module(&w.e, w.p, &e);
	e.order = 4;
	w.p = da_encode_unload(&w.e, w.p, &e);
}

START_TEST(modules_come_back)
{
	struct da_cursor c;
	struct da_event e;

	begin();
	put_module();
	c = all();
	ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_EVENT);
	ck_assert_int_eq(e.ext, DA_EXT_MODULE_LOAD);
	ck_assert_uint_eq(e.module.bias, 0x7f1234560000u);
	ck_assert_uint_eq(e.module.path_len, 9);
	ck_assert_mem_eq(e.module.path, "/lib/x.so", 9);
	ck_assert_uint_eq(e.module.build_id_len, 4);
	ck_assert_uint_eq(e.module.n_segments, 2);
	ck_assert_uint_eq(e.module.segments[1].filesz, 0x700);
	ck_assert_uint_eq(e.order, 3);
	ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_EVENT);
	ck_assert_int_eq(e.ext, DA_EXT_MODULE_UNLOAD);
	ck_assert_uint_eq(e.module.id, 1);
	ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_DONE);
}
END_TEST

static void put_one_of_each(void)
{
	uint64_t order = 10;
	uint64_t numbers[4] = {1, 300, 70000, 5};

	put_random_stack();
	put_module();
	w.p = da_encode_numbers(w.p, DA_EXT_THREAD, numbers, 1);
	w.p = da_encode_text(w.p, DA_EXT_THREAD_NAME, "worker", 6);
	w.p = da_encode_numbers(w.p, DA_EXT_CLOCK, numbers + 1, 1);
	w.p = da_encode_numbers(w.p, DA_EXT_RSS, numbers, 2);
	w.p = da_encode_numbers(w.p, DA_EXT_LOST, numbers, 2);
	w.p = da_encode_numbers(w.p, DA_EXT_END, numbers, 4);
	w.p = da_encode_name_of(w.p, 7, "x", 1);
	for (int i = 0; i < 40; i++) {
		struct da_event e = random_event(&order, 1);

		w.p = encode(&w.e, w.p, &e);
	}
}

START_TEST(a_stream_cut_at_any_byte_yields_only_whole_events)
{
	size_t whole, most = 0;

	begin();
	put_one_of_each();
	whole = (size_t)(w.p - w.bytes);
	for (size_t len = 0; len <= whole; len++) {
		uint8_t *exactly = malloc(len ? len : 1); /* so that a sanitizer sees over-reads */
		struct da_cursor c = {.bytes = exactly, .len = len};
		struct da_event e;
		enum da_decode_status s;
		size_t n = 0;

		memcpy(exactly, w.bytes, len);
		memset(&d, 0, sizeof d);
		while ((s = da_decode(&d, &c, &e)) == DA_DECODE_EVENT)
			n++;
		ck_assert(s == DA_DECODE_DONE ? c.pos == len : c.why && c.pos < len);
		ck_assert_uint_ge(n, most);
		most = n;
		free(exactly);
	}
	ck_assert_uint_eq(most, 50);
}
END_TEST

START_TEST(damaged_bytes_never_crash_the_decoder)
{
	begin();
	put_one_of_each();
	for (unsigned round = 0; round < 20000; round++) {
		static uint8_t bytes[4096];
		size_t len = (size_t)(w.p - w.bytes);
		struct da_cursor c = {.bytes = bytes, .len = len};
		struct da_event e;

		ck_assert_uint_le(len, sizeof bytes);
		memcpy(bytes, w.bytes, len);
		for (unsigned i = 0; i <= round % 4; i++)
			bytes[next_random() % len] = (uint8_t)next_random();
		memset(&d, 0, sizeof d);
		while (da_decode(&d, &c, &e) == DA_DECODE_EVENT)
			ck_assert_uint_le(d.last_depth, DA_STREAM_MAX_FRAMES);
	}
}
END_TEST

static void assert_bad(const uint8_t *bytes, size_t len, const char *why)
{
	struct da_cursor c = {.bytes = bytes, .len = len};
	struct da_event e;

	memset(&d, 0, sizeof d);
	ck_assert_int_eq(da_decode(&d, &c, &e), DA_DECODE_BAD);
	ck_assert_str_eq(c.why, why);
}

START_TEST(impossible_events_are_refused_with_a_reason)
{
	static const uint8_t undefined_stack[] = {0x11, 5, 8};
	static const uint8_t too_many_frames[] = {0x08, 0, 0x81, 0x08};
	static const uint8_t keeps_nothing_known[] = {0x08, 1, 0, 0};
	static const uint8_t unknown_kind[] = {0x07};
	static const uint8_t unknown_ext[] = {0xf8};
	static const uint8_t order_stands_still[] = {0x09, 0, 8};
	static const uint8_t unknown_function[] = {0x41, 99, 8};

	assert_bad(undefined_stack, sizeof undefined_stack, "stack id not defined yet");
	assert_bad(too_many_frames, sizeof too_many_frames, "count out of range");
	assert_bad(keeps_nothing_known, sizeof keeps_nothing_known, "count out of range");
	assert_bad(unknown_kind, sizeof unknown_kind, "unknown kind of event");
	assert_bad(unknown_ext, sizeof unknown_ext, "unknown extended event");
	assert_bad(order_stands_still, sizeof order_stands_still, "order key does not grow");
	assert_bad(unknown_function, sizeof unknown_function, "unknown function code");
}
END_TEST

START_TEST(block_header_comes_back_and_every_flipped_bit_is_noticed)
{
	struct da_block b = {.stored_len = 1234, .raw_len = 5678, .codec = DA_BLOCK_ZSTD, .end = true,
			     .seq = 0x123456789abcdefu, .crc = 0xdeadbeef};
	uint8_t bytes[DA_BLOCK_HEADER];
	struct da_block got;

	da_block_put(&b, bytes);
	ck_assert_ptr_null(da_block_get(bytes, &got));
	ck_assert_uint_eq(got.stored_len, 1234);
	ck_assert_uint_eq(got.raw_len, 5678);
	ck_assert_int_eq(got.codec, DA_BLOCK_ZSTD);
	ck_assert(got.end);
	ck_assert_uint_eq(got.seq, b.seq);
	for (unsigned bit = 0; bit < 8 * DA_BLOCK_HEADER; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_ptr_nonnull(da_block_get(bytes, &got));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(block_lengths_out_of_range_are_refused)
{
	struct da_block b = {.stored_len = DA_BLOCK_STORED_MAX + 1, .raw_len = DA_BLOCK_STORED_MAX + 1};
	uint8_t bytes[DA_BLOCK_HEADER];

	da_block_put(&b, bytes);
	ck_assert_str_eq(da_block_get(bytes, &b), "block length out of range");
	b = (struct da_block){.stored_len = 3, .raw_len = 4};
	da_block_put(&b, bytes);
	ck_assert_str_eq(da_block_get(bytes, &b), "block lengths disagree");
}
END_TEST

START_TEST(fragments_end_where_the_payload_ends)
{
	uint8_t bytes[64];
	uint8_t *p = da_fragment_put(bytes, 0, 0);
	const uint8_t *q = bytes;
	struct da_fragment f;

	p = da_fragment_put(p, 300, 2);
	*p++ = 'a';
	*p++ = 'b';
	ck_assert(da_fragment_next(&q, p, &f));
	ck_assert_uint_eq(f.len, 0);
	ck_assert(da_fragment_next(&q, p, &f));
	ck_assert_uint_eq(f.thread, 300);
	ck_assert_mem_eq(f.bytes, "ab", 2);
	ck_assert(!da_fragment_next(&q, p, &f));
	ck_assert_ptr_eq(q, p);
	q = bytes + 2;
	ck_assert(!da_fragment_next(&q, p - 1, &f));
	ck_assert_ptr_eq(q, bytes + 2);
}
END_TEST

static const struct da_header example = {
	.machine = 8, .word_bits = 32, .big_endian = true, .elf_flags = 0x70001007, .page_size = 4096,
	.pid = 77, .parent_pid = 5, .start_wall_ns = 1700000000123456789u, .unwind = 2, .depth = 64,
	.stacks_alloc_only = true, .min_size = 16, .max_size = 4096, .sample = 524288, .program = {"/bin/prog", 9},
	.cmdline = {"prog\0-x", 8}, .version = {"0.1.0", 5}, .host = {"mips", 4}, .kernel = {"6.1", 3},
};

START_TEST(header_comes_back)
{
	uint8_t bytes[4096];
	size_t n = da_header_put(&example, bytes, sizeof bytes), need;
	struct da_header h;
	uint32_t version;

	ck_assert_uint_gt(n, DA_HEADER_FIXED);
	ck_assert_int_eq(da_header_get(bytes, n, &h, &need, &version), DA_HEADER_OK);
	ck_assert_uint_eq(need, n);
	ck_assert_uint_eq(h.machine, 8);
	ck_assert(h.big_endian);
	ck_assert_uint_eq(h.elf_flags, 0x70001007);
	ck_assert_uint_eq(h.start_wall_ns, example.start_wall_ns);
	ck_assert_uint_eq(h.max_size, 4096);
	ck_assert_uint_eq(h.sample, 524288);
	ck_assert_uint_eq(h.parent_pid, 5);
	ck_assert_uint_eq(h.cmdline.len, 8);
	ck_assert_mem_eq(h.cmdline.bytes, "prog\0-x", 8);
	for (size_t len = 0; len < n; len++)
		ck_assert_int_eq(da_header_get(bytes, len, &h, &need, &version), DA_HEADER_SHORT);
	ck_assert_uint_eq(da_header_put(&example, bytes, n - 1), 0);
}
END_TEST

START_TEST(header_bounds_the_mean_of_samples)
{
	struct da_header h = {.max_size = UINT64_MAX, .sample = UINT32_MAX};
	uint8_t bytes[4096];
	size_t n = da_header_put(&h, bytes, sizeof bytes), need;
	uint32_t version;

	ck_assert_int_eq(da_header_get(bytes, n, &h, &need, &version), DA_HEADER_OK);
	ck_assert_uint_eq(h.sample, DA_STREAM_MAX_SAMPLE);
}
END_TEST

START_TEST(header_of_another_kind_version_or_damage_is_told_apart)
{
	uint8_t bytes[4096];
	size_t n = da_header_put(&example, bytes, sizeof bytes), need;
	struct da_header h;
	uint32_t version = 0;

	bytes[n - 1] ^= 1;
	ck_assert_int_eq(da_header_get(bytes, n, &h, &need, &version), DA_HEADER_DAMAGED);
	bytes[8] = 2;
	ck_assert_int_eq(da_header_get(bytes, n, &h, &need, &version), DA_HEADER_FUTURE);
	ck_assert_uint_eq(version, 2);
	ck_assert_int_eq(da_header_get((const uint8_t *)"\x7f" "ELF", 4, &h, &need, &version),
			 DA_HEADER_NOT_RECORDING);
}
END_TEST

START_TEST(crc_is_that_of_the_standard)
{
	ck_assert_uint_eq(da_crc32(0, "123456789", 9), 0xcbf43926);
	ck_assert_uint_eq(da_crc32(da_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}
END_TEST

START_TEST(fmt_formats_and_cuts)
{
	char b[32];

	ck_assert_uint_eq(da_fmt(b, sizeof b, "%s|%5d|%-4u|%02x|%c", "ab", -12, 7u, 10u, 'z'), 18);
	ck_assert_str_eq(b, "ab|  -12|7   |0a|z");
	da_fmt(b, sizeof b, "%llu %.*s %%", 18446744073709551615ull, 2, "xyz");
	ck_assert_str_eq(b, "18446744073709551615 xy %");
	ck_assert_uint_eq(da_fmt(b, 4, "%s", "abcdef"), 3);
	ck_assert_str_eq(b, "abc");
}
END_TEST

START_TEST(err_takes_a_prefix_and_keeps_within_its_text)
{
	struct da_err err;
	char big[2 * DA_ERR_TEXT];

	ck_assert(!da_err_set(&err, "cannot open %s", "x"));
	ck_assert(!da_err_prefix(&err, "report %d", 3));
	ck_assert_str_eq(err.text, "report 3: cannot open x");
	memset(big, 'a', sizeof big);
	big[sizeof big - 1] = '\0';
	da_err_set(&err, "%s", big);
	da_err_prefix(&err, "%s", big);
	ck_assert_uint_eq(strlen(err.text), DA_ERR_TEXT - 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("codec");
	TCase *t = tcase_create("codec");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, varints_of_all_lengths_come_back);
	tcase_add_test(t, varints_longer_than_needed_or_64_bits_are_refused);
	tcase_add_test(t, zigzag_keeps_small_magnitudes_small);
	tcase_add_test(t, malloc_then_free_of_the_block_take_few_bytes);
	tcase_add_test(t, realloc_golden_bytes);
	tcase_add_test(t, random_events_come_back);
	tcase_add_test(t, stacks_share_outer_frames);
	tcase_add_test(t, modules_come_back);
	tcase_add_test(t, a_stream_cut_at_any_byte_yields_only_whole_events);
	tcase_add_test(t, damaged_bytes_never_crash_the_decoder);
	tcase_add_test(t, impossible_events_are_refused_with_a_reason);
	tcase_add_test(t, block_header_comes_back_and_every_flipped_bit_is_noticed);
	tcase_add_test(t, block_lengths_out_of_range_are_refused);
	tcase_add_test(t, fragments_end_where_the_payload_ends);
	tcase_add_test(t, header_comes_back);
	tcase_add_test(t, header_bounds_the_mean_of_samples);
	tcase_add_test(t, header_of_another_kind_version_or_damage_is_told_apart);
	tcase_add_test(t, crc_is_that_of_the_standard);
	tcase_add_test(t, fmt_formats_and_cuts);
	tcase_add_test(t, err_takes_a_prefix_and_keeps_within_its_text);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
