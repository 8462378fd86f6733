/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/direct.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/sys.h"
#include "codec/block.h"
#include "codec/encode.h"
#include "codec/header.h"
#include "codec/sweep.h"
#include "config.h"
#include "preload/output.h"
#include "preload/quantity.h"
#include "preload/shim.h"

/* A block is written when this much is in it. */
#define BLOCK_BYTES (128u << 10)
/* What the recorder itself adds to a block, at most. */
#define META_BYTES 256u
/* A chunk is taken from a thread that wrote nothing during so many drains. */
#define IDLE_DRAINS 4u
#define EVENTS_PER_TICK 64u
#define RSS_EVERY_MS 100u
#define CMDLINE_BYTES 4096u
/* Waiting for another thread's drain: how long at a time, and how often: a bit more than the output
 * waits for its reader. */
#define WAIT_MS 10u
#define MOST_WAITS 4000u

static struct {
	struct da_output output;
	const char *unresolved; /* server whose name is still to be looked up */
	struct da_sweep sweep;
	uint8_t *block; /* header, then payload */
	uint32_t len; /* bytes of payload */
	uint64_t seq;
	uint64_t start_ns;
	uint32_t rss_ms; /* when RSS was looked at */
	uint32_t lock; /* atomic: tid of the thread that drains, 0: none */
	struct da_sys_signals signals; /* what that thread has blocked otherwise */
	bool failed, begun;
	uint32_t finished; /* atomic */
	uint64_t end_kind, end_status;
} direct;

static bool make_pool(size_t bytes)
{
	struct da_sweep_slot *slots;
	uint16_t *sorted;

	da_shim.pool = da_sys_map(bytes);
	if (!da_shim.pool)
		return false;
	da_pool_init(da_shim.pool, bytes);
	da_sys_advise(da_shim.pool, bytes, MADV_DONTDUMP);
	slots = da_sys_map(da_shim.pool->n_chunks * sizeof *slots);
	sorted = da_sys_map(da_shim.pool->n_chunks * sizeof *sorted);
	direct.block = da_sys_map(DA_BLOCK_HEADER + DA_BLOCK_STORED_MAX);
	if (!slots || !sorted || !direct.block)
		return false;
	da_sweep_init(&direct.sweep, da_shim.pool, slots, sorted);
	return true;
}

/* A stalled reader is waited for as the program waits: it can be interrupted and ended. */
static long wait_interruptibly(int fd, int ms)
{
	struct da_sys_signals signals = direct.signals;
	long r;

	da_sys_restore_signals(&signals);
	r = da_sys_poll_out(fd, ms);
	da_sys_block_signals(&signals);
	return r;
}

bool da_direct_init(const struct da_direct_options *o)
{
	uint64_t bytes = DA_POOL_DEFAULT_BYTES;

	if (o->buffer && (!da_quantity_parse(o->buffer, &bytes) || bytes < DA_POOL_MIN_BYTES ||
			  bytes > DA_POOL_MAX_BYTES))
		bytes = DA_POOL_DEFAULT_BYTES;
	direct.start_ns = da_sys_monotonic_ns();
	if (o->file) {
		if (!da_output_open_file(&direct.output, o->file))
			return false;
	} else if (!da_output_connect(&direct.output, o->server, false)) {
		direct.unresolved = o->server;
	}
	return make_pool(bytes);
}

static struct da_text read_cmdline(char *buf)
{
	long fd = da_sys_open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
	long n = fd < 0 ? 0 : da_sys_read((int)fd, buf, CMDLINE_BYTES);

	if (fd >= 0)
		da_sys_close((int)fd);
	return (struct da_text){ buf, n > 0 ? (uint32_t)n : 0 };
}

static void describe_cpu(struct da_header *h)
{
	const uintptr_t page = da_shim.linkmap.auxv.page_size;
	const ElfW(Ehdr) *e = (const void *)(da_shim.linkmap.auxv.phdr & ~(page - 1));

	h->word_bits = sizeof(void *) * 8;
	h->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	h->page_size = (uint32_t)page;
	if (da_bytes_equal(e->e_ident, ELFMAG, SELFMAG)) {
		h->machine = e->e_machine;
		h->elf_flags = e->e_flags;
	}
}

static struct da_text text_of(const char *s)
{
	return (struct da_text){ s, (uint32_t)da_text_length(s, DA_STREAM_MAX_TEXT) };
}

bool da_direct_begin(void)
{
	static struct da_sys_uname names;
	/* the block buffer is idle yet: its halves serve as scratch */
	char *cmdline = (char *)direct.block + DA_BLOCK_STORED_MAX / 2;
	char *program = cmdline + CMDLINE_BYTES;
	const struct da_pool *pool = da_shim.pool;
	struct da_header h = {
		.pid = da_shim.pid,
		.start_wall_ns = da_sys_wall_ns(),
		.direct = true,
		.unwind = pool->unwind,
		.depth = pool->depth,
		.stacks_alloc_only = pool->stacks_alloc_only,
		.min_size = pool->min_size,
		.max_size = pool->max_size,
		.sample = pool->sample,
		.version = text_of(PACKAGE_VERSION),
		.cmdline = read_cmdline(cmdline),
	};
	long n = da_sys_readlink("/proc/self/exe", program, DA_STREAM_MAX_TEXT);
	size_t size;

	if (!direct.output.open)
		return direct.unresolved;
	describe_cpu(&h);
	h.program = (struct da_text){ program, n > 0 ? (uint32_t)n : 0 };
	if (da_sys_uname(&names) == 0) {
		h.host = text_of(names.node);
		h.kernel = text_of(names.release);
	}
	size = da_header_put(&h, direct.block, DA_BLOCK_STORED_MAX / 2);
	direct.begun = true;
	return size && da_output_write(&direct.output, direct.block, size);
}

bool da_direct_connect(void)
{
	const char *server = direct.unresolved;

	direct.unresolved = NULL;
	if (server && (!da_output_connect(&direct.output, server, true) || !da_direct_begin()))
		direct.failed = true;
	return !direct.failed;
}

static void write_block(bool end)
{
	struct da_block b = {
		.stored_len = direct.len,
		.raw_len = direct.len,
		.codec = DA_BLOCK_RAW,
		.end = end,
		.seq = direct.seq++,
		.crc = da_crc32(0, direct.block + DA_BLOCK_HEADER, direct.len),
	};

	da_block_put(&b, direct.block);
	if (!da_output_write(&direct.output, direct.block, DA_BLOCK_HEADER + direct.len))
		direct.failed = true;
	direct.len = 0;
}

static uint8_t *payload_end(void)
{
	return direct.block + DA_BLOCK_HEADER + direct.len;
}

static void put_fragment(uint32_t thread, const void *bytes, uint32_t len)
{
	uint8_t *p = da_fragment_put(payload_end(), thread, len);

	da_copy(p, bytes, len);
	direct.len += (uint32_t)(p + len - payload_end());
}

static bool take_piece(void *ctx, const struct da_sweep_piece *piece)
{
	(void)ctx;
	if (direct.len &&
	    direct.len + piece->len + DA_FRAGMENT_HEADER_MAX + META_BYTES > BLOCK_BYTES)
		write_block(false);
	put_fragment(piece->serial, piece->bytes, piece->len);
	return !direct.failed;
}

static uint64_t resident_bytes(void)
{
	char text[64];
	long fd = da_sys_open("/proc/self/statm", O_RDONLY | O_CLOEXEC, 0);
	long n = fd < 0 ? 0 : da_sys_read((int)fd, text, sizeof text);
	uint64_t pages = 0;
	long i = 0;

	if (fd >= 0)
		da_sys_close((int)fd);
	while (i < n && text[i] != ' ')
		i++;
	for (i++; i < n && text[i] >= '0' && text[i] <= '9'; i++)
		pages = pages * 10 + (uint64_t)(text[i] - '0');
	return pages * da_shim.linkmap.auxv.page_size;
}

static void update_clock(void)
{
	uint64_t ns = da_sys_monotonic_ns() - direct.start_ns;

	__atomic_store_n(&da_shim.pool->clock_ms, (uint32_t)(ns / 1000000u), __ATOMIC_RELAXED);
}

static uint8_t *put_end(uint8_t *p)
{
	uint64_t end[4] = { direct.end_kind, direct.end_status };
	uint64_t torn;

	da_sweep_count(&direct.sweep, &end[2], &end[3]);
	torn = end[2] - end[3];
	for (uint64_t reason = 0; reason < DA_LOST_COUNT; reason++) {
		uint64_t lost[2] = { reason,
				     reason == DA_LOST_TORN ? torn : da_shim.pool->lost[reason] };

		if (lost[1])
			p = da_encode_numbers(p, DA_EXT_LOST, lost, 2);
		end[2] += reason == DA_LOST_TORN ? 0 : lost[1];
	}
	return da_encode_numbers(p, DA_EXT_END, end, 4);
}

/* The recorder's own words at the end of a drain. */
static void put_meta(const struct da_sweep_result *r, bool end)
{
	uint8_t bytes[META_BYTES - DA_FRAGMENT_HEADER_MAX];
	uint8_t *p = da_encode_numbers(bytes, DA_EXT_WATERMARK, &r->watermark, 1);
	uint32_t now = da_shim.pool->clock_ms;

	if (now - direct.rss_ms >= RSS_EVERY_MS || !direct.rss_ms || end) {
		uint64_t rss[2] = { (uint64_t)now * 1000000u, resident_bytes() };

		direct.rss_ms = now ? now : 1;
		p = da_encode_numbers(p, DA_EXT_RSS, rss, 2);
	}
	if (end)
		p = put_end(p);
	put_fragment(0, bytes, (uint32_t)(p - bytes));
}

static void drain(uint32_t reclaim_idle, bool end)
{
	struct da_sweep_result r;

	if (!direct.begun)
		return;
	update_clock();
	da_sweep_run(&direct.sweep, reclaim_idle, take_piece, NULL, &r);
	if (direct.failed || (!r.pieces && !end))
		return;
	put_meta(&r, end);
	write_block(end);
}

/*
 * Begin to drain, with signals blocked: a handler might leave the program, or this drain, for good.
 * @return false when another thread drains (and @wait is false, or it does not come to an end), or
 * this one, whose handler we are in.
 */
static bool lock(bool wait)
{
	uint32_t self = (uint32_t)da_sys_gettid();
	struct da_sys_signals signals;

	da_sys_block_signals(&signals);
	for (uint32_t n = 0;; n++) {
		uint32_t owner = 0;

		if (__atomic_compare_exchange_n(&direct.lock, &owner, self, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			break;
		if (!wait || owner == self || n == MOST_WAITS) {
			da_sys_restore_signals(&signals);
			return false;
		}
		da_sys_restore_signals(&signals);
		da_sys_futex_wait(&direct.lock, owner, WAIT_MS);
		da_sys_block_signals(&signals);
	}
	direct.signals = signals;
	direct.output.wait = wait_interruptibly;
	return true;
}

static void unlock(void)
{
	struct da_sys_signals signals = direct.signals;

	direct.output.wait = NULL;
	__atomic_store_n(&direct.lock, 0, __ATOMIC_RELEASE);
	da_sys_futex_wake(&direct.lock);
	da_sys_restore_signals(&signals);
}

/* The output or the drain is of no more use. */
static void go_silent(void)
{
	direct.failed = true;
	da_shim.gate->on = 0;
	da_shim.detached = 1;
}

void da_direct_abandon(void)
{
	if (__atomic_load_n(&direct.lock, __ATOMIC_RELAXED) != (uint32_t)da_sys_gettid())
		return;
	go_silent(); /* what the output holds ends in the middle of a block */
	__atomic_store_n(&direct.lock, 0, __ATOMIC_RELEASE);
	da_sys_futex_wake(&direct.lock);
}

bool da_direct_flush(bool everything)
{
	if (lock(everything)) {
		if (!direct.failed)
			drain(everything ? 0 : IDLE_DRAINS, false);
		/* nothing can be written, or not yet and the pool is full */
		if (direct.failed || (everything && !direct.begun))
			go_silent();
		unlock();
	} else if (everything) {
		go_silent(); /* the thread that drains does not come back */
	}
	return !direct.failed;
}

void da_direct_tick(struct da_thread *t)
{
	if (++t->ticks % EVENTS_PER_TICK == 0)
		update_clock();
}

static void end_now(void)
{
	if (!lock(true))
		return;
	if (!direct.failed)
		drain(0, true);
	unlock();
}

void da_direct_event_written(void)
{
	if (__atomic_load_n(&direct.finished, __ATOMIC_RELAXED))
		end_now();
}

void da_direct_finish(uint32_t kind, uint32_t status)
{
	if ((uint32_t)da_sys_getpid() !=
	    da_shim.pid) /* a child of vfork: our memory, not our end */
		return;
	direct.end_kind = kind;
	direct.end_status = status;
	__atomic_store_n(&direct.finished, 1, __ATOMIC_RELAXED);
	end_now();
}
