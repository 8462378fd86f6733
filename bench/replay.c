/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast recordings are replayed, and in how much memory.
 *
 *	make bench/replay && bench/replay [MILLIONS [THREADS [STACKS [LIVE]]]]
 *
 * Makes MILLIONS of events (10) of THREADS threads (1) with STACKS different stacks of 20 frames
 * each (1000) and up to LIVE live blocks (100000); only feeding them is timed. Half the events are
 * allocations; every 64th is a realloc. The recording is held in memory, so its size is subtracted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tests/stream.h"
#include "ds/mem.h"
#include "ds/vec.h"
#include "model/replay.h"

#define DEPTH 20
#define FRAGMENT 16000

struct piece {
	uint64_t thread;
	uint8_t *bytes;
	size_t len;
};

static struct piece *pieces;
static size_t n_pieces, pieces_cap, total_bytes;
static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state >> 8;
}

static void keep(void *ctx, uint64_t thread, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	pieces = da_vec_reserve(pieces, &pieces_cap, n_pieces + 1, sizeof(*pieces));
	pieces[n_pieces].thread = thread;
	pieces[n_pieces].bytes = da_xmalloc(len);
	pieces[n_pieces++].len = len;
	memcpy(pieces[n_pieces - 1].bytes, bytes, len);
	total_bytes += len;
}

static uint64_t stack_id(struct stream *s, uint32_t thread, uint32_t *ids, uint64_t stack)
{
	uintptr_t pcs[DEPTH];

	if (ids[stack])
		return ids[stack];
	for (uint64_t i = 0; i < DEPTH; i++)
		pcs[DEPTH - 1 - i] = 0x400000 + i * 0x1000 + (i > 8 ? stack >> (i / 2) << 4 : 0);
	pcs[0] += stack * 32;
	ids[stack] = (uint32_t)stream_stack(s, thread, pcs, DEPTH);
	return ids[stack];
}

/* Blocks sit in slots, most young ones are freed soon: a slot near the last one used. */
static void generate(uint64_t events, uint32_t threads, uint64_t stacks, uint64_t live)
{
	struct stream *s = da_xcalloc(1, sizeof(*s));
	uint32_t *ids = da_xcalloc(stacks * (threads + 1), sizeof(*ids));
	uint8_t *used = da_xcalloc(live, 1);
	uint32_t thread = 1;

	s->take = keep;
	for (uint64_t i = 0; i < events; i++) {
		uint64_t r = next_random(), stack = (r >> 20) % stacks;
		uint64_t slot = r & 3 ? (i / 8 + (r >> 4) % 16) % live : (r >> 4) % live;
		da_addr addr = 0x7f0000000000 + slot * 64;
		uint64_t id;

		if (!(r >> 50 & 15))
			thread = 1 + (uint32_t)((r >> 30) % threads);
		id = stack_id(s, thread, ids + stacks * thread, stack);
		if (!used[slot])
			stream_alloc(s, thread, addr, 16 + (r >> 40) % 500, id);
		else if (r >> 44 & 31)
			stream_free(s, thread, addr, id);
		else
			stream_realloc(
				s, thread,
				&(struct da_event){
					.old_addr = addr, .addr = addr, .size = 700, .stack = id });
		used[slot] = !used[slot] || !(r >> 44 & 31);
		if (s->threads[thread].len > FRAGMENT)
			stream_flush(s, thread);
		if (i % 20000 == 0) {
			stream_numbers(s, thread, DA_EXT_CLOCK, 1, (uint64_t)1000000);
			stream_sync(s);
		}
	}
	stream_sync(s);
	stream_deinit(s);
	free(s);
	free(ids);
	free(used);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* KiB resident now. */
static long resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

int main(int argc, char **argv)
{
	double arg[4] = { 10, 1, 1000, 100000 }, begin, end;
	struct da_replay *r = da_replay_create(NULL);
	const struct da_model *m;
	long before;

	for (int i = 1; i < argc && i <= 4; i++)
		arg[i - 1] = atof(argv[i]);
	generate((uint64_t)(arg[0] * 1e6), (uint32_t)arg[1], (uint64_t)arg[2], (uint64_t)arg[3]);
	before = resident();
	begin = seconds();
	for (size_t i = 0; i < n_pieces; i++) {
		struct da_replay_piece piece = { .thread = pieces[i].thread,
						 .bytes = pieces[i].bytes,
						 .len = pieces[i].len };

		if (!da_replay_feed(r, &piece, NULL))
			return 1;
	}
	m = da_replay_finish(r);
	end = seconds();
	printf("%.1f M events/s (%.1f ns each), %.2f bytes each, %.1f MiB resident, %zu sites, "
	       "%llu live, %llu repairs, %llu unknown\n",
	       arg[0] / (end - begin), (end - begin) * 1e3 / arg[0],
	       (double)total_bytes / arg[0] / 1e6, (double)(resident() - before) / 1024, m->n_sites,
	       (unsigned long long)m->totals.live_blocks,
	       (unsigned long long)m->quality.order_repairs,
	       (unsigned long long)m->quality.unknown_frees);
	da_replay_destroy(r);
	return 0;
}
