/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/block.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "collect/drain.h"
#include "collect/reader.h"
#include "collect/shared.h"
#include "collect/store.h"
#include "collect/ticks.h"
#include "collect/writer.h"

static struct da_err err;
static char dir[64], path[128];
static struct da_compressor *compressor;
static uint8_t packed[DA_WRITER_PACKED_BYTES];

static void make_dir(void)
{
	strcpy(dir, "/tmp/dumpalloc-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.dalloc", dir);
	ck_assert(da_compressor_create(DA_COMPRESS_FAST, &compressor, &err));
}

static void remove_dir(void)
{
	char command[128];

	da_compressor_destroy(compressor);
	snprintf(command, sizeof command, "/bin/rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void open_writer(struct da_writer *w, const char *to)
{
	struct da_header h = { .pid = 1, .word_bits = 64, .max_size = UINT64_MAX };
	struct da_writer_outputs out = { .socket = -1 };

	ck_assert_msg(da_store_open(&out.store, to, DA_STORE_RENAME, &err), "%s", err.text);
	da_writer_init(w, &out, compressor, packed, &h);
}

/* ---- reading back */

#define MAX_THREADS 64

struct content {
	uint64_t bytes[MAX_THREADS], frees[MAX_THREADS], sum[MAX_THREADS];
	uint64_t watermark, end[4], lost[DA_LOST_COUNT], end_ns;
	unsigned names, blocks;
	struct da_reader_end how;
};

static void take_event(struct content *c, uint64_t thread, const struct da_event *e)
{
	if (thread) {
		/* what a watermark has passed may not come any more */
		ck_assert_uint_ge(e->order, c->watermark);
		c->frees[thread] += e->kind == DA_KIND_FREE;
		c->sum[thread] += e->addr;
		return;
	}
	switch (e->ext) {
	case DA_EXT_WATERMARK: c->watermark = e->watermark; break;
	case DA_EXT_NAME_OF: c->names++; break;
	case DA_EXT_LOST: c->lost[e->lost.reason] = e->lost.events; break;
	case DA_EXT_END:
		c->end[0] = e->end.kind, c->end[1] = e->end.value;
		c->end[2] = e->end.seen, c->end[3] = e->end.recorded;
		c->end_ns = e->time_ns;
		break;
	default: break;
	}
}

static void read_back(const char *from, struct content *c)
{
	static struct da_decoder decoders[MAX_THREADS];
	struct da_source *source;
	struct da_reader *reader;
	struct da_reader_block b;
	struct da_fragment f;
	struct da_event e;

	memset(c, 0, sizeof *c);
	memset(decoders, 0, sizeof decoders);
	ck_assert_msg(da_source_open(from, &source, &err), "%s", err.text);
	ck_assert_msg(da_reader_create(source, &reader, &err), "%s", err.text);
	while (da_reader_next(reader, &b)) {
		const uint8_t *p = b.raw, *end = p + b.len;

		c->blocks++;
		while (da_fragment_next(&p, end, &f)) {
			struct da_cursor cursor = { .bytes = f.bytes, .len = f.len };

			ck_assert_uint_lt(f.thread, MAX_THREADS);
			c->bytes[f.thread] += f.len;
			while (da_decode(&decoders[f.thread], &cursor, &e) == DA_DECODE_EVENT)
				take_event(c, f.thread, &e);
			ck_assert_uint_eq(cursor.pos, f.len);
		}
		ck_assert_ptr_eq(p, end);
	}
	c->how = *da_reader_end(reader);
	da_reader_destroy(reader);
	da_source_close(source);
}

/* ---- the writer */

START_TEST(what_a_writer_wrote_is_read_back)
{
	uint8_t event[DA_ENCODE_EVENT_MAX];
	struct da_encoder encoder = { .order = 0 };
	struct da_writer w;
	struct content c;

	open_writer(&w, path);
	for (uint64_t i = 1; i <= 100000; i++) {
		struct da_event e = { .kind = DA_KIND_FREE, .order = i, .addr = i * 16, .func = DA_FUNC_FREE };
		uint8_t *end = da_encode_free(&encoder, event, &e);

		da_writer_put(&w, 1, event, (size_t)(end - event));
	}
	da_writer_put_name(&w, 1, "main", 4);
	da_writer_put_note(&w, "a note");
	da_writer_deinit(&w);
	ck_assert(!w.has_error);
	read_back(path, &c);
	ck_assert(c.how.complete);
	ck_assert_uint_eq(c.frees[1], 100000);
	ck_assert_uint_eq(c.sum[1], UINT64_C(16) * 100000 * 100001 / 2);
	ck_assert_uint_ge(c.blocks, 2);
	ck_assert_uint_eq(c.names, 1);
}
END_TEST

START_TEST(bytes_that_do_not_compress_are_stored_as_they_are)
{
	static uint8_t noise[DA_WRITER_PIECE_MAX];
	struct da_writer w;
	struct stat st;

	srand(7);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(rand() >> 7);
	open_writer(&w, path);
	da_writer_put(&w, 1, noise, sizeof noise);
	da_writer_put(&w, 2, noise, sizeof noise);
	da_writer_deinit(&w);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_ge(st.st_size, 2 * sizeof noise);
	ck_assert_uint_eq(w.seq, 2);
}
END_TEST

START_TEST(a_full_disk_leaves_whole_blocks)
{
	struct rlimit limit = { 70000, RLIM_INFINITY };
	static uint8_t noise[20000];
	struct da_writer w;
	struct da_reader *reader;
	struct da_source *source;
	struct da_reader_block b;
	unsigned blocks = 0;

	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(rand() >> 7);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit); /* write() fails with EFBIG, after a part of the block */
	open_writer(&w, path);
	for (unsigned i = 0; i < 6; i++) {
		da_writer_put(&w, 1, noise, sizeof noise);
		da_writer_flush(&w);
	}
	ck_assert(w.has_error);
	ck_assert(da_writer_is_dead(&w));
	ck_assert_ptr_nonnull(strstr(w.error.text, "File too large"));
	da_writer_deinit(&w);
	ck_assert(da_source_open(path, &source, &err) && da_reader_create(source, &reader, &err));
	while (da_reader_next(reader, &b))
		blocks++;
	ck_assert_uint_eq(blocks, 3);
	ck_assert(da_reader_end(reader)->clean);
	da_reader_destroy(reader);
	da_source_close(source);
}
END_TEST

/* ---- the store */

START_TEST(existing_files_are_safe)
{
	struct da_store st;
	char other[160], buf[8] = "";
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "old", 3), 3);
	close(fd);
	ck_assert(!da_store_open(&st, path, DA_STORE_REFUSE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "exists already"));
	ck_assert(da_store_open(&st, path, DA_STORE_RENAME, &err));
	snprintf(other, sizeof other, "%s/x-1.dalloc", dir);
	ck_assert_str_eq(st.path, other);
	da_store_close(&st, NULL);
	snprintf(other, sizeof other, "%s/link", dir);
	ck_assert_int_eq(symlink(path, other), 0);
	ck_assert(!da_store_open(&st, other, DA_STORE_REFUSE, &err));
	/* replaced, not followed */
	ck_assert(da_store_open(&st, other, DA_STORE_REPLACE, &err));
	ck_assert(da_store_write(&st, "new", 3, &err));
	ck_assert(da_store_close(&st, &err));
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, buf, sizeof buf), 3);
	ck_assert_str_eq(buf, "old");
	close(fd);
}
END_TEST

START_TEST(directories_and_fifos_are_no_outputs)
{
	struct da_store st;

	ck_assert(!da_store_open(&st, dir, DA_STORE_REPLACE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "it is a directory"));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!da_store_open(&st, path, DA_STORE_REPLACE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "it is a FIFO"));
	ck_assert(!da_store_open(&st, "/nonexistent/x", DA_STORE_REPLACE, &err));
	ck_assert(da_store_open(&st, "/dev/null", DA_STORE_REFUSE, &err));
	da_store_close(&st, NULL);
}
END_TEST

/* ---- the drain, with threads in place of a program */

static struct da_shared shared;
static struct da_drain drain;

/* What the shim does for a free(), in a few lines. */
static bool put_free(struct da_chunk **held, uint32_t *chunks, struct da_encoder *encoder,
		     uint32_t serial, uint32_t process, uint64_t addr)
{
	uint32_t owned = serial << DA_CHUNK_STATE_BITS | DA_CHUNK_OWNED;
	struct da_chunk *c = *held;
	struct da_event e = { .kind = DA_KIND_FREE, .addr = addr, .func = DA_FUNC_FREE };
	uint8_t *p, *end;

	if (!c || !__atomic_compare_exchange_n(&c->state, &owned,
					       serial << DA_CHUNK_STATE_BITS | DA_CHUNK_BUSY, false,
					       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		*held = da_pool_acquire(shared.pool, serial, process, *chunks);
		*chunks += *held != NULL;
		return false;
	}
	c->seen++;
	p = da_chunk_payload(c) + c->committed;
	e.order = da_order_next(&shared.pool->order, encoder->order);
	end = da_encode_free(encoder, p, &e);
	c->recorded++;
	__atomic_store_n(&c->committed, (uint32_t)(end - da_chunk_payload(c)), __ATOMIC_RELEASE);
	da_chunk_set_order(c, e.order);
	owned = c->committed + DA_ENCODE_EVENT_MAX > shared.pool->chunk_bytes - sizeof *c
			? DA_CHUNK_FULL
			: DA_CHUNK_OWNED;
	__atomic_store_n(&c->state, serial << DA_CHUNK_STATE_BITS | owned, __ATOMIC_RELEASE);
	return true;
}

#define FREES 40000u

struct job {
	uint32_t serial, process;
};

static void *put_frees(void *arg)
{
	struct job *job = arg;
	struct da_encoder encoder = { .order = 0 };
	struct da_chunk *held = NULL;
	uint32_t chunks = 0;

	for (uint64_t i = 1; i <= FREES;)
		i += put_free(&held, &chunks, &encoder, job->serial, job->process, i * 8);
	return NULL;
}

static bool open_stream(void *ctx, struct da_stream *s)
{
	char to[160];

	(void)ctx;
	snprintf(to, sizeof to, "%s/%u.dalloc", dir, s->process);
	open_writer(&s->writer, to);
	return true;
}

static void start_drain(void)
{
	ck_assert_msg(da_shared_open(&shared, DA_POOL_MIN_BYTES, &err), "%s", err.text);
	da_ticks_configure(&shared.pool->order);
	da_order_leave_single(&shared.pool->order, true);
	da_drain_init(&drain, shared.pool, open_stream, NULL);
	ck_assert(da_drain_begin(&drain, (uint32_t)getpid()));
}

static void stop_drain(void)
{
	da_drain_deinit(&drain);
	da_shared_close(&shared);
}

static void read_process(uint32_t process, struct content *c)
{
	char from[160];

	snprintf(from, sizeof from, "%s/%u.dalloc", dir, process);
	read_back(from, c);
}

static const struct da_drain_end exit_3 = { .kind = DA_END_EXIT, .value = 3, .gone = true };

START_TEST(events_of_many_threads_arrive_whole_and_in_order)
{
	struct job jobs[8];
	pthread_t threads[8];
	struct content c;

	start_drain();
	for (uint32_t i = 0; i < 8; i++) {
		jobs[i] = (struct job){ i + 1, 0 };
		pthread_create(&threads[i], NULL, put_frees, &jobs[i]);
	}
	for (unsigned round = 0; drain.sweep.recorded < 8 * FREES * 9 / 10 && round < 100000; round++)
		da_drain_step(&drain);
	for (unsigned i = 0; i < 8; i++) {
		while (pthread_tryjoin_np(threads[i], NULL))
			da_drain_step(&drain);
	}
	da_drain_end_process(&drain, 0, exit_3);
	stop_drain();
	read_process(0, &c);
	ck_assert(c.how.complete);
	for (unsigned i = 1; i <= 8; i++) {
		ck_assert_uint_eq(c.frees[i], FREES);
		ck_assert_uint_eq(c.sum[i], UINT64_C(8) * FREES * (FREES + 1) / 2);
	}
	ck_assert_uint_eq(c.end[0], DA_END_EXIT);
	ck_assert_uint_eq(c.end[1], 3);
	ck_assert_uint_eq(c.end[2], 8 * FREES);
	ck_assert_uint_eq(c.end[3], 8 * FREES);
}
END_TEST

START_TEST(each_process_has_a_stream_of_its_own)
{
	struct job jobs[2] = { { 1, 0 }, { 2, 5 } };
	pthread_t threads[2];
	struct content c;

	start_drain();
	drain.follow = true;
	shared.pool->process_pid[5] = (uint32_t)getpid();
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, put_frees, &jobs[i]);
	for (unsigned i = 0; i < 2; i++) {
		while (pthread_tryjoin_np(threads[i], NULL))
			da_drain_step(&drain);
	}
	da_drain_end_process(&drain, 0, exit_3);
	ck_assert(drain.streams[0]->ended && !drain.streams[5]->ended);
	da_drain_end_process(&drain, 5, exit_3);
	stop_drain();
	read_process(0, &c);
	ck_assert_uint_eq(c.frees[1], FREES);
	ck_assert_uint_eq(c.frees[2], 0);
	read_process(5, &c);
	ck_assert_uint_eq(c.frees[1], 0);
	ck_assert_uint_eq(c.frees[2], FREES);
	ck_assert_uint_eq(c.end[2], FREES);
	ck_assert_uint_eq(c.end[3], FREES);
	ck_assert(c.how.complete);
}
END_TEST

START_TEST(an_event_cut_by_death_is_counted_as_torn)
{
	struct da_encoder encoder = { .order = 0 };
	struct da_chunk *held = NULL;
	uint32_t chunks = 0;
	struct content c;

	start_drain();
	while (!put_free(&held, &chunks, &encoder, 1, 0, 8))
		;
	held->seen++;
	held->state = 1u << DA_CHUNK_STATE_BITS | DA_CHUNK_BUSY;
	da_drain_step(&drain);
	da_drain_end_process(&drain, 0, exit_3);
	stop_drain();
	read_process(0, &c);
	ck_assert_uint_eq(c.frees[1], 1);
	ck_assert_uint_eq(c.lost[DA_LOST_TORN], 1);
	ck_assert_uint_eq(c.end[2], 2);
	ck_assert_uint_eq(c.end[3], 1);
}
END_TEST

START_TEST(losses_the_program_counted_are_in_the_stream)
{
	struct content c;

	start_drain();
	shared.pool->lost[DA_LOST_FULL] = 11;
	shared.pool->lost[DA_LOST_EARLY] = 2;
	da_drain_step(&drain);
	da_drain_end_process(&drain, 0, exit_3);
	stop_drain();
	read_process(0, &c);
	ck_assert_uint_eq(c.lost[DA_LOST_FULL], 11);
	ck_assert_uint_eq(c.lost[DA_LOST_EARLY], 2);
	ck_assert_uint_eq(c.end[2], 13);
	ck_assert_uint_eq(c.end[3], 0);
}
END_TEST

START_TEST(without_an_output_the_program_is_told_to_stop)
{
	start_drain();
	da_store_close(&drain.streams[0]->writer.out.store, NULL);
	ck_assert_uint_eq(shared.pool->stop, 0);
	da_drain_step(&drain);
	ck_assert_uint_eq(shared.pool->stop, 1);
	stop_drain();
}
END_TEST

START_TEST(a_scribbled_pool_does_no_harm)
{
	uint32_t *words;
	size_t n = DA_POOL_MIN_BYTES / 4;

	start_drain();
	words = (uint32_t *)(void *)shared.pool;
	srand(3);
	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < 200; i++)
			words[(size_t)rand() % n] = (uint32_t)rand() * 2654435761u;
		for (uint32_t i = 0; i < drain.sweep.n_chunks; i++) {
			uint32_t *chunk = words + (drain.sweep.chunks_offset +
						   (size_t)i * drain.sweep.chunk_bytes) / 4;

			chunk[0] = (uint32_t)rand() % (1u << 28);
			chunk[1] = (uint32_t)rand();
			chunk[4] = (uint32_t)rand() % 5;
		}
		da_drain_step(&drain);
	}
	da_drain_end_process(&drain, 0, exit_3);
	stop_drain();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("collect_drain");
	TCase *tc = tcase_create("collect_drain");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_a_writer_wrote_is_read_back);
	tcase_add_test(tc, bytes_that_do_not_compress_are_stored_as_they_are);
	tcase_add_test(tc, a_full_disk_leaves_whole_blocks);
	tcase_add_test(tc, existing_files_are_safe);
	tcase_add_test(tc, directories_and_fifos_are_no_outputs);
	tcase_add_test(tc, events_of_many_threads_arrive_whole_and_in_order);
	tcase_add_test(tc, each_process_has_a_stream_of_its_own);
	tcase_add_test(tc, an_event_cut_by_death_is_counted_as_torn);
	tcase_add_test(tc, losses_the_program_counted_are_in_the_stream);
	tcase_add_test(tc, without_an_output_the_program_is_told_to_stop);
	tcase_add_test(tc, a_scribbled_pool_does_no_harm);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
