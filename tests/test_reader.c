/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "codec/block.h"
#include "codec/varint.h"
#include "collect/reader.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "stream.h"

static struct stream_file file;
static struct da_err err;
static char path[64];

/* What a file was read as. */
static struct {
	bool opened;
	size_t blocks, bytes;
	struct da_reader_end end;
} seen;

static void write_file(const uint8_t *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* The payload that block @i of the test's file has. */
static size_t payload(size_t i, uint8_t *raw)
{
	uint8_t *p = da_fragment_put(raw, 1, 500 + i);

	for (size_t j = 0; j < 500 + i; j++)
		*p++ = (uint8_t)(j % 7 * i);
	return (size_t)(p - raw);
}

static void check_payload(const struct da_reader_block *b)
{
	uint8_t want[1024];

	ck_assert_uint_eq(b->len, payload(b->number, want));
	ck_assert_mem_eq(b->raw, want, b->len);
}

static void read_source(struct da_source *s, bool check)
{
	struct da_reader *r;
	struct da_reader_block b;

	memset(&seen, 0, sizeof(seen));
	seen.opened = da_reader_create(s, &r, &err);
	if (!seen.opened)
		return;
	while (da_reader_next(r, &b)) {
		ck_assert_uint_eq(b.number, seen.blocks);
		if (check)
			check_payload(&b);
		seen.blocks++;
		seen.bytes += b.len;
	}
	ck_assert(!da_reader_next(r, &b));
	seen.end = *da_reader_end(r);
	da_reader_destroy(r);
}

static void read_bytes(const uint8_t *bytes, size_t len, bool check)
{
	struct da_source *s;

	write_file(bytes, len);
	memset(&seen, 0, sizeof(seen));
	if (!da_source_open(path, &s, &err))
		return;
	read_source(s, check);
	da_source_close(s);
}

static const struct da_header header = {
	.machine = 8,
	.word_bits = 32,
	.pid = 1234,
	.program = { "/bin/prog", 9 },
	.max_size = UINT64_MAX,
};

/* A header and @n blocks, of alternating kinds, the last one marked. */
static void make_file(size_t n)
{
	uint8_t raw[1024];

	stream_file_header(&file, &header);
	for (size_t i = 0; i < n; i++)
		stream_file_block(&file, raw, payload(i, raw), i % 2, i == n - 1);
}

static void setup(void)
{
	int fd;

	strcpy(path, "/tmp/test_reader.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	memset(&file, 0, sizeof(file));
}

static void teardown(void)
{
	unlink(path);
	free(file.bytes);
}

START_TEST(whole_file_is_read_and_complete)
{
	make_file(5);
	read_bytes(file.bytes, file.len, true);
	ck_assert(seen.opened);
	ck_assert_uint_eq(seen.blocks, 5);
	ck_assert(seen.end.complete);
	ck_assert(seen.end.clean);
	ck_assert_uint_eq(seen.end.byte, file.len);
	ck_assert_str_eq(seen.end.text, "");
}
END_TEST

START_TEST(header_is_lent)
{
	struct da_source *s;
	struct da_reader *r;

	make_file(1);
	write_file(file.bytes, file.len);
	ck_assert(da_source_open(path, &s, &err));
	ck_assert(da_reader_create(s, &r, &err));
	ck_assert_uint_eq(da_reader_header(r)->pid, 1234);
	ck_assert_uint_eq(da_reader_header(r)->program.len, 9);
	ck_assert_mem_eq(da_reader_header(r)->program.bytes, "/bin/prog", 9);
	da_reader_destroy(r);
	da_source_close(s);
}
END_TEST

START_TEST(cut_at_any_byte_keeps_all_whole_blocks_and_says_where)
{
	size_t starts[6], n = 0;

	stream_file_header(&file, &header);
	starts[n++] = file.len;
	for (size_t i = 0; i < 4; i++) {
		uint8_t raw[1024];

		stream_file_block(&file, raw, payload(i, raw), i % 2, i == 3);
		starts[n++] = file.len;
	}
	for (size_t len = 0; len < file.len; len++) {
		size_t whole = 0;

		while (whole + 1 < n && starts[whole + 1] <= len)
			whole++;
		read_bytes(file.bytes, len, true);
		ck_assert_int_eq(seen.opened, len >= starts[0]);
		if (!seen.opened) {
			ck_assert_ptr_nonnull(strstr(err.text, len ? "cut at byte" : "empty"));
			continue;
		}
		ck_assert_uint_eq(seen.blocks, whole);
		ck_assert(!seen.end.complete);
		ck_assert_int_eq(seen.end.clean, len == starts[whole]);
		ck_assert_uint_eq(seen.end.byte, starts[whole]);
		ck_assert_uint_eq(seen.end.block, whole);
		ck_assert(seen.end.text[0]);
	}
}
END_TEST

START_TEST(flipped_bit_never_gets_into_a_delivered_block)
{
	size_t first;

	make_file(3);
	first = DA_HEADER_FIXED + da_load_le32(file.bytes + 12);
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		read_bytes(file.bytes, file.len, true);
		file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(seen.opened, bit / 8 >= first);
		ck_assert(!seen.end.complete);
		if (seen.opened)
			ck_assert_uint_lt(seen.blocks, 3);
	}
}
END_TEST

/* Give the block header at @at right checksums again. */
static void reseal(uint8_t *at)
{
	da_store_le32(at + 28, da_crc32(0, at, 28));
}

START_TEST(any_length_in_a_block_header_is_survived_in_bounded_memory)
{
	const uint64_t values[] = { 0,          1,          0xffff,     0x10000,   0x3ffff,
				    0x40000,    0x40001,    0xfffff,    0x100000,  0x100001,
				    0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	struct rusage before, after;

	for (int zstd = 0; zstd < 2; zstd++) {
		uint8_t raw[1024], *at;
		size_t block;

		file.len = file.n_blocks = 0;
		stream_file_header(&file, &header);
		block = file.len;
		stream_file_block(&file, raw, payload(0, raw), zstd, true);
		read_bytes(file.bytes, file.len, true);
		getrusage(RUSAGE_SELF, &before);
		at = file.bytes + block;
		for (int field = 4; field <= 8; field += 4)
			for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
				uint32_t old = da_load_le32(at + field);

				da_store_le32(at + field, (uint32_t)values[i]);
				reseal(at);
				read_bytes(file.bytes, file.len, false);
				ck_assert_uint_eq(seen.blocks, 0);
				ck_assert_uint_eq(seen.end.byte, block);
				da_store_le32(at + field, old);
			}
		getrusage(RUSAGE_SELF, &after);
		/* KiB; a sanitizer keeps what is freed for a while */
		ck_assert_int_le(after.ru_maxrss - before.ru_maxrss, 32 << 10);
	}
}
END_TEST

/* One block whose payload is @stored as it is, claiming zstd and @raw_len. */
static void read_zstd_block(const uint8_t *stored, size_t len, size_t raw_len)
{
	struct da_block b = {
		.stored_len = (uint32_t)len,
		.raw_len = (uint32_t)raw_len,
		.codec = DA_BLOCK_ZSTD,
		.crc = da_crc32(0, stored, len),
	};

	file.len = 0;
	stream_file_header(&file, &header);
	file.bytes = da_vec_reserve(file.bytes, &file.cap, file.len + DA_BLOCK_HEADER + len, 1);
	da_block_put(&b, file.bytes + file.len);
	memcpy(file.bytes + file.len + DA_BLOCK_HEADER, stored, len);
	read_bytes(file.bytes, file.len + DA_BLOCK_HEADER + len, false);
	ck_assert(seen.opened);
	ck_assert_uint_eq(seen.blocks, 0);
	ck_assert_ptr_nonnull(strstr(seen.end.text, "damaged"));
}

static size_t compress_stream(uint8_t *out, size_t size, const uint8_t *in, size_t len, int level)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer i = { in, len, 0 };
	ZSTD_outBuffer o = { out, size, 0 };

	if (level > 0)
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, level);
	else
		ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	/* flushed before it is ended, so that zstd cannot know the size */
	ZSTD_compressStream2(c, &o, &i, ZSTD_e_flush);
	ZSTD_compressStream2(c, &o, &i, ZSTD_e_end);
	ZSTD_freeCCtx(c);
	return o.pos;
}

START_TEST(zstd_bombs_are_refused)
{
	static uint8_t in[1 << 20], out[1 << 20];
	const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	/* no single segment, window descriptor 2^27, raw last block of one byte */
	const uint8_t window[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x40, 17 << 3, 0, 0, 9, 0, 0, 'x' };
	/* single segment, dictionary id 7, content size 1 */
	const uint8_t dictionary[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 9, 0, 0, 'x' };
	size_t n;

	n = ZSTD_compress(out, sizeof(out), in, 1000, 1);
	memcpy(out + n, out, n);
	read_zstd_block(out, 2 * n, 2000); /* two frames */
	read_zstd_block(out, 2 * n, 1000);
	memcpy(out + n, skippable, sizeof(skippable));
	read_zstd_block(out, n + sizeof(skippable), 1000);
	read_zstd_block(skippable, sizeof(skippable), 4);
	read_zstd_block(window, sizeof(window), 1);
	read_zstd_block(dictionary, sizeof(dictionary), 1);
	n = ZSTD_compress(out, sizeof(out), in, sizeof(in), 1);
	read_zstd_block(out, n, 1000); /* expands beyond what the block says */
	read_zstd_block(out, n - 1, sizeof(in));
	n = compress_stream(out, sizeof(out), in, 1000, 0);
	read_zstd_block(out, n, 1000); /* no content size */
	n = compress_stream(out, sizeof(out), in, 1000, 24);
	read_zstd_block(out, n, 1000);
	read_zstd_block(out, 0, 0);
}
END_TEST

START_TEST(missing_or_repeated_block_ends_the_reading)
{
	uint8_t raw[1024];

	stream_file_header(&file, &header);
	stream_file_block(&file, raw, payload(0, raw), false, false);
	file.n_blocks = 2;
	stream_file_block(&file, raw, payload(1, raw), false, true);
	read_bytes(file.bytes, file.len, true);
	ck_assert_uint_eq(seen.blocks, 1);
	ck_assert_ptr_nonnull(strstr(seen.end.text, "blocks before it are missing"));
	file.len = file.n_blocks = 0;
	stream_file_header(&file, &header);
	stream_file_block(&file, raw, payload(0, raw), false, false);
	file.n_blocks = 0;
	stream_file_block(&file, raw, payload(0, raw), false, true);
	read_bytes(file.bytes, file.len, true);
	ck_assert_uint_eq(seen.blocks, 1);
	ck_assert_ptr_nonnull(strstr(seen.end.text, "repetition"));
}
END_TEST

START_TEST(bytes_behind_the_end_are_reported_and_nothing_is_lost)
{
	make_file(2);
	file.bytes = da_vec_reserve(file.bytes, &file.cap, file.len + 100, 1);
	memset(file.bytes + file.len, 'x', 100);
	read_bytes(file.bytes, file.len + 100, true);
	ck_assert_uint_eq(seen.blocks, 2);
	ck_assert(!seen.end.complete);
	ck_assert_uint_eq(seen.end.byte, file.len);
}
END_TEST

START_TEST(stream_may_go_on_after_an_end_mark)
{
	uint8_t raw[1024];

	make_file(2);
	stream_file_block(&file, raw, payload(2, raw), false, false);
	read_bytes(file.bytes, file.len, true);
	ck_assert_uint_eq(seen.blocks, 3);
	ck_assert(!seen.end.complete);
	ck_assert(seen.end.clean);
}
END_TEST

static void expect_refusal(const void *bytes, size_t len, const char *why)
{
	read_bytes(bytes, len, false);
	ck_assert(!seen.opened);
	ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, path));
}

START_TEST(other_files_are_named_for_what_they_look_like)
{
	uint8_t zeros[100] = { 0 };

	expect_refusal("", 0, "it is empty");
	expect_refusal("\x7f"
		       "ELF\1\1\1",
		       7, "not a dumpalloc recording (looks like an ELF file");
	expect_refusal("hello, world\n", 13, "looks like text");
	expect_refusal("x", 1, "looks like text");
	expect_refusal("{\"schema\": 1}", 13, "JSON");
	expect_refusal("# callgrind format\n", 19, "Callgrind");
	expect_refusal("\x89"
		       "DALLOC\r\n",
		       9, "text mode");
	expect_refusal("\xfd"
		       "7zXZ\0\0",
		       7, "xz data");
	expect_refusal(zeros, sizeof(zeros), "zeros");
}
END_TEST

START_TEST(newer_versions_are_refused_with_their_number)
{
	make_file(1);
	da_store_le16(file.bytes + 8, 2);
	expect_refusal(file.bytes, file.len,
		       "made by a newer version (format 2); this is dumpalloc ");
	ck_assert_ptr_nonnull(strstr(err.text, "reads up to 1"));
	da_store_le16(file.bytes + 8, 1);
	da_store_le32(file.bytes + 16, 4);
	expect_refusal(file.bytes, file.len, "use a newer version");
}
END_TEST

START_TEST(missing_files_and_directories_are_refused)
{
	struct da_source *s;

	ck_assert(!da_source_open("/tmp", &s, &err));
	ck_assert_str_eq(err.text, "cannot open /tmp: it is a directory");
	ck_assert(!da_source_open("/nonexistent/x", &s, &err));
	ck_assert_str_eq(err.text, "cannot open /nonexistent/x: No such file or directory");
}
END_TEST

/* gzip by zlib's streaming interface: the one-shot one writes zlib's own format. */
static size_t gzip(uint8_t *out, size_t size, const uint8_t *in, size_t len)
{
	z_stream z = { .next_in = (uint8_t *)in,
		       .avail_in = (uInt)len,
		       .next_out = out,
		       .avail_out = (uInt)size };

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (size_t)(z.next_out - out);
}

START_TEST(gzip_and_zstd_around_a_recording_are_undone_also_in_parts)
{
	static uint8_t out[1 << 20];
	size_t n;

	make_file(30);
	n = gzip(out, sizeof(out), file.bytes, 5000);
	n += gzip(out + n, sizeof(out) - n, file.bytes + 5000, file.len - 5000);
	read_bytes(out, n, true);
	ck_assert(seen.end.complete);
	ck_assert_uint_eq(seen.blocks, 30);
	n = ZSTD_compress(out, sizeof(out), file.bytes, 5000, 3);
	n += ZSTD_compress(out + n, sizeof(out) - n, file.bytes + 5000, file.len - 5000, 19);
	read_bytes(out, n, true);
	ck_assert(seen.end.complete);
	ck_assert_uint_eq(seen.blocks, 30);
}
END_TEST

START_TEST(cut_compressed_recording_gives_its_whole_blocks)
{
	static uint8_t out[1 << 20];
	size_t n, most = 0;

	make_file(10);
	n = gzip(out, sizeof(out), file.bytes, file.len);
	for (size_t len = 1; len < n; len++) {
		read_bytes(out, len, true);
		ck_assert(!seen.end.complete);
		ck_assert(!seen.opened || strstr(seen.end.text, "gzip data are cut") || len < 3);
		most = seen.blocks > most ? seen.blocks : most;
	}
	ck_assert_uint_ge(most, 9);
	n = ZSTD_compress(out, sizeof(out), file.bytes, file.len, 1);
	for (size_t len = 1; len < n; len++) {
		read_bytes(out, len, true);
		ck_assert(!seen.end.complete);
	}
}
END_TEST

START_TEST(damaged_compressed_recording_is_survived)
{
	static uint8_t out[1 << 20];
	size_t n;

	make_file(10);
	n = gzip(out, sizeof(out), file.bytes, file.len);
	for (size_t i = 0; i < n * 8; i += 5) {
		out[i / 8] ^= (uint8_t)(1u << i % 8);
		read_bytes(out, n, true);
		out[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	n = ZSTD_compress(out, sizeof(out), file.bytes, file.len, 1);
	for (size_t i = 0; i < n * 8; i += 5) {
		out[i / 8] ^= (uint8_t)(1u << i % 8);
		read_bytes(out, n, true);
		out[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(outer_window_of_128_mib_is_refused)
{
	static uint8_t in[4096], out[1 << 16];
	size_t n = compress_stream(out, sizeof(out), in, sizeof(in), 27);

	expect_refusal(out, n, "window larger than 8 MiB");
}
END_TEST

START_TEST(pipe_is_read_in_whatever_pieces_it_comes)
{
	struct da_source *s;
	int fds[2];
	uint64_t taken, size;

	make_file(20);
	ck_assert_int_eq(pipe(fds), 0);
	if (!fork()) {
		for (size_t i = 0; i < file.len; i += 7)
			if (write(fds[1], file.bytes + i, file.len - i < 7 ? file.len - i : 7) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	ck_assert(da_source_open_fd(fds[0], "pipe", &s, &err));
	read_source(s, true);
	ck_assert(seen.end.complete);
	ck_assert_uint_eq(seen.blocks, 20);
	da_source_progress(s, &taken, &size);
	ck_assert_uint_eq(taken, file.len);
	ck_assert_uint_eq(size, 0);
	da_source_close(s);
	close(fds[0]);
}
END_TEST

START_TEST(caller_may_reject_a_blocks_content)
{
	struct da_source *s;
	struct da_reader *r;
	struct da_reader_block b;

	make_file(3);
	write_file(file.bytes, file.len);
	ck_assert(da_source_open(path, &s, &err));
	ck_assert(da_reader_create(s, &r, &err));
	ck_assert(da_reader_next(r, &b));
	ck_assert(da_reader_next(r, &b));
	da_reader_reject(r, &b, "cut event");
	ck_assert(!da_reader_end(r)->complete);
	ck_assert_uint_eq(da_reader_end(r)->byte, b.offset);
	ck_assert_uint_eq(da_reader_end(r)->block, 1);
	ck_assert_ptr_nonnull(strstr(da_reader_end(r)->text, "damaged: cut event"));
	da_reader_destroy(r);
	da_source_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reader");
	TCase *tc = tcase_create("reader");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole_file_is_read_and_complete);
	tcase_add_test(tc, header_is_lent);
	tcase_add_test(tc, cut_at_any_byte_keeps_all_whole_blocks_and_says_where);
	tcase_add_test(tc, flipped_bit_never_gets_into_a_delivered_block);
	tcase_add_test(tc, any_length_in_a_block_header_is_survived_in_bounded_memory);
	tcase_add_test(tc, zstd_bombs_are_refused);
	tcase_add_test(tc, missing_or_repeated_block_ends_the_reading);
	tcase_add_test(tc, bytes_behind_the_end_are_reported_and_nothing_is_lost);
	tcase_add_test(tc, stream_may_go_on_after_an_end_mark);
	tcase_add_test(tc, other_files_are_named_for_what_they_look_like);
	tcase_add_test(tc, newer_versions_are_refused_with_their_number);
	tcase_add_test(tc, missing_files_and_directories_are_refused);
	tcase_add_test(tc, gzip_and_zstd_around_a_recording_are_undone_also_in_parts);
	tcase_add_test(tc, cut_compressed_recording_gives_its_whole_blocks);
	tcase_add_test(tc, damaged_compressed_recording_is_survived);
	tcase_add_test(tc, outer_window_of_128_mib_is_refused);
	tcase_add_test(tc, pipe_is_read_in_whatever_pieces_it_comes);
	tcase_add_test(tc, caller_may_reject_a_blocks_content);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
