/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/drain.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "collect/proc.h"
#include "ds/mem.h"
#include "ds/vec.h"

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64 /* 32-bit machines younger than 2038's problem */
#endif

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define RSS_EVERY (100 * NS_PER_MS)
/* With many processes RSS is looked at more rarely. */
#define RSS_MANY 16
/* Sweeps without news after which a thread gives its chunk back. */
#define RECLAIM_IDLE 4
#define WAIT_BUSY_MS 1u
#define WAIT_MS 5u
#define WAIT_IDLE_MS 50u
/* Thread names looked at per second. */
#define NAMES_PER_SECOND 256u
/* More than DA_ORDER_SLACK ticks. */
#define SLACK_NS 100000
#define STATE_MASK ((1u << DA_CHUNK_STATE_BITS) - 1)

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void tick(struct da_drain *d)
{
	d->now_ns = monotonic_ns() - d->start_ns;
	__atomic_store_n(&d->pool->clock_ms, (uint32_t)(d->now_ns / NS_PER_MS), __ATOMIC_RELAXED);
}

void da_drain_init(struct da_drain *d, struct da_pool *pool, da_drain_open_fn open, void *ctx)
{
	memset(d, 0, sizeof *d);
	d->pool = pool;
	d->open = open;
	d->follow = pool->follow;
	d->ctx = ctx;
	d->slots = da_xcalloc(pool->n_chunks, sizeof *d->slots);
	d->sorted = da_xcalloc(pool->n_chunks, sizeof *d->sorted);
	da_sweep_init(&d->sweep, pool, d->slots, d->sorted);
	d->sweep.tallies = da_xcalloc(DA_POOL_MAX_PROCESSES, sizeof *d->sweep.tallies);
	d->start_ns = monotonic_ns();
}

void da_drain_deinit(struct da_drain *d)
{
	const struct da_drain_end unknown = { .kind = DA_END_UNKNOWN };

	/* each end sweeps once more, which looks at all streams */
	for (uint32_t i = 0; i < d->n_streams; i++)
		da_drain_end_process(d, i, unknown);
	for (uint32_t i = 0; i < d->n_streams; i++)
		free(d->streams[i]);
	free(d->threads);
	free(d->known);
	free(d->slots);
	free(d->sweep.tallies);
	free(d->sorted);
}

/* ---- streams */

static struct da_stream *add_stream(struct da_drain *d, uint32_t process, uint32_t pid)
{
	struct da_stream *s = da_xcalloc(1, sizeof *s);
	struct da_proc_stat st;

	s->process = process;
	s->pid = pid;
	d->streams[process] = s;
	if (process >= d->n_streams)
		d->n_streams = process + 1;
	if (da_proc_stat(pid, &st))
		s->start_ticks = st.start_ticks;
	s->ended = !d->open(d->ctx, s);
	return s;
}

bool da_drain_begin(struct da_drain *d, uint32_t pid)
{
	return !add_stream(d, 0, pid)->ended;
}

static struct da_stream *stream_of(struct da_drain *d, uint32_t process)
{
	struct da_stream *s = d->streams[process];

	return s ? s : add_stream(d, process, d->pool->process_pid[process]);
}

struct da_stream *da_drain_find(const struct da_drain *d, uint32_t pid)
{
	for (uint32_t i = 0; i < d->n_streams; i++) {
		if (d->streams[i] && d->streams[i]->pid == pid && !d->streams[i]->ended)
			return d->streams[i];
	}
	return NULL;
}

/* ---- thread names */

/* @return false when the thread is gone. */
static bool look_at_name(struct da_drain *d, struct da_drain_thread *t)
{
	struct da_stream *s = d->streams[t->process];
	char name[sizeof t->name];
	size_t n;

	if (!s || s->ended)
		return false;
	n = da_proc_thread_name(s->pid, t->tid, name, sizeof name);
	if (!n)
		return false;
	if (strcmp(name, t->name)) {
		memcpy(t->name, name, sizeof name);
		da_writer_put_name(&s->writer, t->serial, name, n);
	}
	return true;
}

/* Mark @serial as met. @return whether it was already. */
static bool is_known(struct da_drain *d, uint32_t serial)
{
	size_t byte = serial / 8, old = d->cap_known;
	uint8_t bit = (uint8_t)(1u << serial % 8);
	bool known;

	d->known = da_vec_reserve(d->known, &d->cap_known, byte + 1, 1);
	memset(d->known + old, 0, d->cap_known - old);
	known = d->known[byte] & bit;
	d->known[byte] |= bit;
	return known;
}

static void meet_thread(struct da_drain *d, const struct da_sweep_piece *piece)
{
	struct da_drain_thread *t;

	if (is_known(d, piece->serial))
		return;
	d->threads =
		da_vec_reserve(d->threads, &d->cap_threads, d->n_threads + 1, sizeof *d->threads);
	t = &d->threads[d->n_threads];
	*t = (struct da_drain_thread){ piece->serial, piece->process, piece->tid, "" };
	if (look_at_name(d, t))
		d->n_threads++;
}

static void look_at_names(struct da_drain *d)
{
	for (size_t i = 0; i < NAMES_PER_SECOND && i < d->n_threads; i++) {
		if (d->next_thread >= d->n_threads)
			d->next_thread = 0;
		if (look_at_name(d, &d->threads[d->next_thread]))
			d->next_thread++;
		else
			d->threads[d->next_thread] = d->threads[--d->n_threads];
	}
}

/* ---- what the recorder adds */

static void put_clock(struct da_drain *d, struct da_stream *s)
{
	uint64_t delta = d->now_ns - s->meta_ns;

	s->meta_ns = d->now_ns;
	da_writer_put_meta(&s->writer, DA_EXT_CLOCK, &delta, 1);
}

static void put_watermark(struct da_stream *s, uint64_t watermark)
{
	/* the clock may go on though nothing happens: enough, once all events have their turn */
	if (watermark <= s->watermark || s->watermark > s->newest)
		return;
	s->watermark = watermark;
	da_writer_put_meta(&s->writer, DA_EXT_WATERMARK, &watermark, 1);
}

static void put_rss(struct da_drain *d, struct da_stream *s)
{
	struct da_proc_stat st;
	uint64_t numbers[2];

	if (s->replaced || !da_proc_stat(s->pid, &st) || st.state == 'Z')
		return;
	if (s->start_ticks && st.start_ticks != s->start_ticks)
		return;
	if (!s->stack_start && __atomic_load_n(&d->pool->attached, __ATOMIC_RELAXED))
		s->stack_start = st.stack_start;
	s->replaced = s->stack_start && st.stack_start && st.stack_start != s->stack_start;
	if (s->replaced || st.rss_bytes == s->rss)
		return;
	s->rss = st.rss_bytes;
	numbers[0] = d->now_ns;
	numbers[1] = st.rss_bytes;
	da_writer_put_meta(&s->writer, DA_EXT_RSS, numbers, 2);
}

static void put_lost_reason(struct da_stream *s, uint64_t reason, uint64_t lost)
{
	if (lost != s->lost[reason])
		da_writer_put_meta(&s->writer, DA_EXT_LOST, (uint64_t[]){ reason, lost }, 2);
	s->lost[reason] = lost;
}

/* The program counts losses for all processes together; they go into the first one's stream. */
static void put_lost(struct da_drain *d, struct da_stream *s)
{
	for (uint64_t i = 0; i < DA_LOST_COUNT && !s->process; i++)
		put_lost_reason(s, i, __atomic_load_n(&d->pool->lost[i], __ATOMIC_RELAXED));
}

static void work_each_second(struct da_drain *d, struct da_stream *s)
{
	put_lost(d, s);
	if (s->writer.raw_len) {
		put_clock(d, s);
		da_writer_flush(&s->writer);
	}
}

static void work_periodically(struct da_drain *d)
{
	uint64_t rss_every = d->n_streams > RSS_MANY ? NS_PER_S : RSS_EVERY;
	/* at once when it has attached: to know its image, should it execute another soon */
	bool first = !d->has_rss && __atomic_load_n(&d->pool->attached, __ATOMIC_RELAXED);
	bool rss = first || d->now_ns - d->rss_ns >= rss_every;
	bool second = d->now_ns - d->second_ns >= NS_PER_S;

	if (!rss && !second)
		return;
	d->has_rss |= first;
	if (rss)
		d->rss_ns = d->now_ns;
	if (second) {
		d->second_ns = d->now_ns;
		look_at_names(d);
	}
	for (uint32_t i = 0; i < d->n_streams; i++) {
		if (!d->streams[i] || d->streams[i]->ended)
			continue;
		if (rss)
			put_rss(d, d->streams[i]);
		if (second)
			work_each_second(d, d->streams[i]);
	}
}

/* ---- sweeping */

static bool take(void *ctx, const struct da_sweep_piece *piece)
{
	struct da_drain *d = ctx;
	struct da_stream *s;

	/* what no shim writes, a scribbled pool may say; it shall not make streams of it */
	if (piece->serial > DA_POOL_MAX_SERIAL || (piece->process && !d->follow))
		return true;
	s = stream_of(d, piece->process);
	d->bytes += piece->len;
	if (s->ended)
		return true;
	meet_thread(d, piece);
	s->has_news = true;
	da_writer_put(&s->writer, piece->serial, piece->bytes, piece->len);
	return true;
}

static void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void sweep(struct da_drain *d, uint32_t reclaim_idle)
{
	uint64_t latest;

	d->wake = __atomic_load_n(&d->pool->wake, __ATOMIC_ACQUIRE);
	da_sweep_run(&d->sweep, reclaim_idle, take, d, &d->last);
	latest = da_order_latest(&d->pool->order, &d->sweep.order);
	if (d->last.free_chunks && __atomic_load_n(&d->pool->wanting, __ATOMIC_ACQUIRE))
		futex_wake(&d->pool->free_signal);
	/* our watermark says what is above with a smaller key, the sweep's includes its own */
	for (uint32_t i = 0; i < d->n_streams; i++) {
		struct da_stream *s = d->streams[i];

		if (!s || s->ended)
			continue;
		if (s->has_news)
			s->newest = latest;
		s->has_news = false;
		put_watermark(s, d->last.watermark + 1);
	}
}

/* Whether somebody still listens; if not, the target is told to record nothing more. */
static void check_outputs(struct da_drain *d)
{
	for (uint32_t i = 0; i < d->n_streams; i++) {
		if (d->streams[i] && !d->streams[i]->ended &&
		    !da_writer_is_dead(&d->streams[i]->writer))
			return;
	}
	if (d->n_streams)
		__atomic_store_n(&d->pool->stop, 1, __ATOMIC_RELAXED);
}

void da_drain_step(struct da_drain *d)
{
	tick(d);
	sweep(d, RECLAIM_IDLE);
	d->idle = d->last.pieces ? 0 : d->idle + 1;
	work_periodically(d);
	check_outputs(d);
}

void da_drain_wait(struct da_drain *d)
{
	unsigned ms = WAIT_MS << (d->idle < 4 ? d->idle : 4);
	struct {
		long sec, nsec; /* what the kernel expects at SYS_futex on every machine */
	} timeout;

	if (d->last.free_chunks < d->sweep.n_chunks / 2)
		ms = WAIT_BUSY_MS;
	if (ms > WAIT_IDLE_MS)
		ms = WAIT_IDLE_MS;
	timeout.sec = 0;
	timeout.nsec = (long)(ms * NS_PER_MS);
	syscall(SYS_futex, &d->pool->wake, FUTEX_WAIT, d->wake, &timeout, NULL, 0);
}

/* ---- the end */

/* A thread that died in the middle of an event left its chunk BUSY: let the next sweep take it. */
static void bury(struct da_drain *d, uint32_t process)
{
	for (uint32_t i = 0; i < d->sweep.n_chunks; i++) {
		struct da_chunk *c =
			(struct da_chunk *)((uint8_t *)d->pool + d->sweep.chunks_offset +
					    (size_t)i * d->sweep.chunk_bytes);
		uint32_t state = __atomic_load_n(&c->state, __ATOMIC_ACQUIRE);

		if ((state & STATE_MASK) != DA_CHUNK_FREE && c->process == process)
			__atomic_store_n(&c->state, (state & ~STATE_MASK) | DA_CHUNK_FULL,
					 __ATOMIC_RELEASE);
	}
}

/* The stream's last word: seen = recorded + all that it says to be lost. */
static void put_end(struct da_drain *d, struct da_stream *s, struct da_drain_end end)
{
	uint64_t numbers[4] = { end.kind, end.value }, seen, recorded;

	put_lost(d, s);
	da_sweep_count_process(&d->sweep, s->process, &seen, &recorded);
	if (seen > recorded)
		put_lost_reason(s, DA_LOST_TORN, s->lost[DA_LOST_TORN] + seen - recorded);
	put_clock(d, s);
	if (s->replaced)
		numbers[0] = DA_END_EXEC, numbers[1] = 0;
	numbers[2] = numbers[3] = recorded;
	for (unsigned i = 0; i < DA_LOST_COUNT; i++)
		numbers[2] += s->lost[i];
	da_writer_put_meta(&s->writer, DA_EXT_END, numbers, 4);
}

/* The sweep to come shall not take what was written just now for too new. */
static void settle(const struct da_drain *d)
{
	const struct timespec slack = { .tv_nsec = SLACK_NS };

	if (!da_order_is_single(&d->pool->order))
		nanosleep(&slack, NULL);
}

void da_drain_end_process(struct da_drain *d, uint32_t process, struct da_drain_end end)
{
	struct da_stream *s = d->streams[process];

	if (!s || s->ended)
		return;
	tick(d);
	if (end.gone)
		bury(d, process);
	settle(d);
	sweep(d, 0);
	put_end(d, s, end);
	da_writer_deinit(&s->writer);
	s->ended = true;
}

void da_drain_count(const struct da_drain *d, uint64_t *seen_out, uint64_t *recorded_out,
		    uint64_t *lost_out)
{
	da_sweep_count(&d->sweep, seen_out, recorded_out);
	*seen_out = *seen_out > *recorded_out ? *seen_out : *recorded_out;
	for (unsigned i = 0; i < DA_LOST_COUNT; i++)
		lost_out[i] = __atomic_load_n(&d->pool->lost[i], __ATOMIC_RELAXED);
	lost_out[DA_LOST_TORN] += *seen_out - *recorded_out;
	*seen_out = *recorded_out;
	for (unsigned i = 0; i < DA_LOST_COUNT; i++)
		*seen_out += lost_out[i];
}
