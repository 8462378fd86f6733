/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/listen_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fmt.h"
#include "codec/block.h"
#include "collect/pattern.h"
#include "collect/reader.h"
#include "collect/receive.h"
#include "collect/store.h"
#include "model/replay.h"
#include "symbols/seccomp.h"

/* Address space of a viewer: the replay's own bound and room for its model. */
#define VIEW_BYTES ((rlim_t)1 << 30)
#define RECEIVER_FILES 32
#define VIEW_EVERY_NS INT64_C(100000000)
/* A stream is stopped rather than fill a disk beyond this. */
#define FREE_PERCENT 5
#define FREE_CHECK_BYTES (8u << 20)

static volatile sig_atomic_t stopped;

static void on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* The state of one receiver. */
struct receiver {
	struct da_listen_stream *s;
	struct da_store store;
	int tee; /* to the viewer, -1: none */
	pid_t viewer;
	struct da_listen_status status;
	struct da_err error; /* of the store */
	uint64_t checked; /* bytes at which the disk's room was last looked at */
};

static void tell(int fd, const struct da_listen_status *status)
{
	while (write(fd, status, sizeof *status) < 0 && errno == EINTR)
		;
}

static void limit(int what, rlim_t value)
{
	struct rlimit l = { value, value }, old;

	if (!getrlimit(what, &old) && old.rlim_max < value)
		return;
	setrlimit(what, &l);
}

/* ---- the viewer */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void tell_totals(int fd, const struct da_model *m, uint64_t bytes)
{
	struct da_listen_status status = {
		.kind = DA_LISTEN_TOTALS,
		.heap_bytes = m->totals.live_bytes,
		/* a peak that still grows is settled when it ends */
		.peak_bytes = m->totals.peak_bytes > m->totals.live_bytes ? m->totals.peak_bytes :
									    m->totals.live_bytes,
		.allocs = m->totals.alloc_calls,
		.frees = m->totals.free_calls,
		.bytes = bytes,
	};

	tell(fd, &status);
}

static bool feed_block(struct da_replay *replay, const struct da_reader_block *b)
{
	const uint8_t *p = b->raw, *end = b->raw + b->len;
	struct da_fragment f;

	while (da_fragment_next(&p, end, &f)) {
		struct da_replay_piece piece = { f.thread, f.bytes, f.len, b->offset };

		if (!da_replay_feed(replay, &piece, NULL))
			return false;
	}
	return p == end;
}

static void view(struct da_reader *reader, struct da_source *source, int status)
{
	struct da_model_options options;
	struct da_reader_block b;
	struct da_replay *replay;
	uint64_t bytes, size;
	int64_t told = 0;

	da_model_options_init(&options);
	da_model_options_take(&options, da_reader_header(reader));
	replay = da_replay_create(&options);
	while (da_reader_next(reader, &b) && feed_block(replay, &b)) {
		if (now_ns() - told < VIEW_EVERY_NS)
			continue;
		told = now_ns();
		da_source_progress(source, &bytes, &size);
		tell_totals(status, da_replay_snapshot(replay), bytes);
	}
	da_source_progress(source, &bytes, &size);
	tell_totals(status, da_replay_finish(replay), bytes);
}

static void run_viewer(int pipe_fd, int status)
{
	struct da_source *source;
	struct da_reader *reader;

	limit(RLIMIT_AS, VIEW_BYTES);
	da_seccomp_install();
	if (da_source_open_fd(pipe_fd, "the stream", &source, NULL) &&
	    da_reader_create(source, &reader, NULL))
		view(reader, source, status);
	_exit(0);
}

static void start_viewer(struct receiver *r)
{
	int fds[2];

	r->tee = -1;
	if (!r->s->view || pipe(fds))
		return;
	r->viewer = fork();
	if (r->viewer == 0) {
		close(fds[1]);
		close(r->s->socket);
		run_viewer(fds[0], r->s->status);
	}
	close(fds[0]);
	if (r->viewer > 0)
		r->tee = fds[1];
	else
		close(fds[1]);
}

static void feed_viewer(struct receiver *r, const uint8_t *p, size_t n)
{
	while (n && r->tee >= 0) {
		ssize_t done = write(r->tee, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			close(r->tee);
			r->tee = -1;
			return;
		}
		p += done;
		n -= (size_t)done;
	}
}

/* ---- the receiver */

static bool begin(void *ctx, const struct da_header *h)
{
	struct receiver *r = ctx;
	struct timespec ts;
	struct da_pattern_values v = {
		.pid = h->pid,
		.program = h->program.bytes,
		.program_len = h->program.len,
		.host = h->host.bytes,
		.host_len = h->host.len,
	};
	const char *pattern = r->s->options->output ? r->s->options->output : DA_PATTERN_DEFAULT;
	char path[DA_LISTEN_PATH - 64];

	clock_gettime(CLOCK_REALTIME, &ts);
	v.wall_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (r->s->raw)
		da_store_attach(&r->store, STDOUT_FILENO, "standard output");
	else if (!da_pattern_expand(pattern, &v, path, sizeof path, &r->error) ||
		 !da_store_open(&r->store, path, DA_STORE_RENAME, &r->error))
		return false;
	r->status.kind = DA_LISTEN_BEGIN;
	r->status.pid = h->pid;
	da_pattern_expand("%e", &v, r->status.name, sizeof r->status.name, NULL);
	da_fmt(r->status.path, sizeof r->status.path, "%s", r->store.path);
	tell(r->s->status, &r->status);
	start_viewer(r);
	return true;
}

/* Whether the disk keeps its free share after @n more bytes. */
static bool has_room(struct receiver *r, size_t n)
{
	struct statvfs fs;

	if (r->s->raw || r->store.bytes + n < r->checked)
		return true;
	r->checked = r->store.bytes + n + FREE_CHECK_BYTES;
	if (fstatvfs(r->store.fd, &fs) || !fs.f_blocks)
		return true;
	return fs.f_bavail >= fs.f_blocks / 100 * FREE_PERCENT ||
	       da_err_set(&r->error, "less than %d %% of the disk is free", FREE_PERCENT);
}

static bool take_unit(void *ctx, const uint8_t *bytes, size_t n)
{
	struct receiver *r = ctx;

	if (r->store.bytes + n > r->s->options->max_file)
		return da_err_set(&r->error, "it is larger than --max-file");
	if (!has_room(r, n) || !da_store_write(&r->store, bytes, n, &r->error))
		return false;
	feed_viewer(r, bytes, n);
	return true;
}

static void handle_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stop }, ign = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGPIPE, &ign, NULL);
}

void da_listen_stream_run(struct da_listen_stream *s)
{
	static struct receiver r;
	struct da_receive receive = {
		.fd = s->socket,
		.stop = &stopped,
		.wait_mask = &s->mask,
		.begin = begin,
		.unit = take_unit,
		.ctx = &r,
	};
	struct da_err why = { .text = "" };
	enum da_receive_end end;

	handle_signals();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, RECEIVER_FILES);
	r.s = s;
	r.tee = r.store.fd = -1;
	end = da_receive_run(&receive, &why);
	if (r.store.fd >= 0 && !da_store_close(&r.store, &r.error))
		end = DA_RECEIVE_REFUSED;
	if (r.tee >= 0)
		close(r.tee);
	if (r.viewer > 0)
		while (waitpid(r.viewer, NULL, 0) < 0 && errno == EINTR)
			;
	r.status.kind = DA_LISTEN_END;
	r.status.end = end;
	r.status.bytes = r.store.bytes;
	da_fmt(r.status.text, sizeof r.status.text, "%s",
	       end == DA_RECEIVE_REFUSED ? r.error.text : why.text);
	tell(s->status, &r.status);
	_exit(0);
}
