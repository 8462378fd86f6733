/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/receive.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/crc32.h"
#include "codec/block.h"
#include "ds/mem.h"

/* A unit of n bytes must be there within this and n / 1024 seconds of its first byte. */
#define PATIENCE_S 15
#define SLOWEST_BYTES_PER_S 1024
#define FOR_EVER (-1)

enum got {
	GOT_ALL,
	GOT_END, /* the peer closed before the first byte */
	GOT_SHORT, /* … or in the middle */
	GOT_SLOW,
	GOT_STOP,
};

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Wait for bytes. @return false at the deadline, or when told to stop. */
static bool wait_bytes(const struct da_receive *r, int64_t deadline)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	while (!*r->stop) {
		int64_t left = deadline - now_s();
		struct timespec ts = { .tv_sec = left > 0 ? (time_t)left : 0 };
		int n = ppoll(&p, 1, deadline == FOR_EVER ? NULL : &ts, r->wait_mask);

		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
	return false;
}

/* Exactly @n bytes. @idle: the first may take for ever. */
static enum got get(const struct da_receive *r, uint8_t *p, size_t n, bool idle)
{
	int64_t patience = PATIENCE_S + (int64_t)(n / SLOWEST_BYTES_PER_S);
	int64_t deadline = idle ? FOR_EVER : now_s() + patience;
	size_t have = 0;

	while (have < n) {
		ssize_t got;

		if (!wait_bytes(r, deadline))
			return *r->stop ? GOT_STOP : GOT_SLOW;
		got = recv(r->fd, p + have, n - have, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return have || !idle ? GOT_SHORT : GOT_END;
		have += (size_t)got;
		if (deadline == FOR_EVER)
			deadline = now_s() + patience;
	}
	return GOT_ALL;
}

static enum da_receive_end not_recording(enum got got, struct da_err *why)
{
	switch (got) {
	case GOT_STOP: return DA_RECEIVE_STOPPED;
	case GOT_SLOW: da_err_set(why, "it sends nothing"); break;
	default: da_err_set(why, "it closed the connection before a whole header"); break;
	}
	return DA_RECEIVE_NOT_RECORDING;
}

/* The header into r->header_bytes and r->header; @return COMPLETE when it is good. */
static enum da_receive_end take_header(struct da_receive *r, struct da_err *why)
{
	size_t have = 0, need = DA_HEADER_MAGIC_BYTES;
	uint32_t version = 0;
	enum da_header_status status;

	do {
		enum got got = get(r, r->header_bytes + have, need - have, false);

		if (got != GOT_ALL)
			return not_recording(got, why);
		have = need;
		status = da_header_get(r->header_bytes, have, &r->header, &need, &version);
	} while (status == DA_HEADER_SHORT);
	if (status == DA_HEADER_OK)
		return r->begin(r->ctx, &r->header) && r->unit(r->ctx, r->header_bytes, have) ?
			       (r->bytes = have, DA_RECEIVE_COMPLETE) :
			       DA_RECEIVE_REFUSED;
	if (status == DA_HEADER_FUTURE)
		da_err_set(why, "it is a recording of version %u, newer than this dumpalloc",
			   version);
	else
		da_err_set(why, status == DA_HEADER_DAMAGED ? "its header is damaged" :
							      "it is not a dumpalloc recording");
	return DA_RECEIVE_NOT_RECORDING;
}

static enum da_receive_end ended(const struct da_receive *r, enum got got, struct da_err *why)
{
	switch (got) {
	case GOT_STOP: return DA_RECEIVE_STOPPED;
	case GOT_END:
		if (r->end_seen)
			return DA_RECEIVE_COMPLETE;
		da_err_set(why, "the connection ended after block %llu, without an end mark",
			   (unsigned long long)r->blocks);
		return DA_RECEIVE_CUT;
	case GOT_SLOW:
		da_err_set(why, "the connection stalled in block %llu",
			   (unsigned long long)r->blocks);
		return DA_RECEIVE_CUT;
	default:
		da_err_set(why, "the connection ended in block %llu",
			   (unsigned long long)r->blocks);
		return DA_RECEIVE_CUT;
	}
}

static enum da_receive_end damaged(const struct da_receive *r, const char *reason,
				   struct da_err *why)
{
	da_err_set(why, "block %llu at byte %llu is damaged: %s", (unsigned long long)r->blocks,
		   (unsigned long long)r->bytes, reason);
	return DA_RECEIVE_DAMAGED;
}

/* One block; @more: whether another may follow. */
static enum da_receive_end take_block(struct da_receive *r, bool *more, struct da_err *why)
{
	struct da_block b;
	const char *wrong;
	enum got got = get(r, r->buffer, DA_BLOCK_HEADER, true);

	*more = false;
	if (got != GOT_ALL)
		return ended(r, got, why);
	wrong = da_block_get(r->buffer, &b);
	if (wrong)
		return damaged(r, wrong, why);
	if (b.seq != r->blocks)
		return damaged(r, "wrong sequence number", why);
	got = b.stored_len ? get(r, r->buffer + DA_BLOCK_HEADER, b.stored_len, false) : GOT_ALL;
	if (got != GOT_ALL)
		return ended(r, got, why);
	if (da_crc32(0, r->buffer + DA_BLOCK_HEADER, b.stored_len) != b.crc)
		return damaged(r, "wrong checksum", why);
	if (!r->unit(r->ctx, r->buffer, DA_BLOCK_HEADER + b.stored_len))
		return DA_RECEIVE_REFUSED;
	r->bytes += DA_BLOCK_HEADER + b.stored_len;
	r->blocks++;
	r->end_seen = b.end;
	*more = true;
	return DA_RECEIVE_COMPLETE;
}

enum da_receive_end da_receive_run(struct da_receive *r, struct da_err *why)
{
	enum da_receive_end end;
	bool more = true;

	r->header_bytes = da_xmalloc(DA_HEADER_FIXED + DA_HEADER_ATTR_MAX);
	r->buffer = da_xmalloc(DA_BLOCK_HEADER + DA_BLOCK_STORED_MAX);
	end = take_header(r, why);
	while (end == DA_RECEIVE_COMPLETE && more)
		end = take_block(r, &more, why);
	free(r->buffer);
	free(r->header_bytes);
	return end;
}
