/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/report_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/block.h"
#include "report/units.h"

#define PROGRESS_NS 100000000

/* ---- SIGINT ends a pipe */

static volatile sig_atomic_t interrupted;
static int null_fd = -1;

/* /dev/null takes standard input's place: the next read finds its end. */
static void end_input(int sig)
{
	(void)sig;
	interrupted = 1;
	dup2(null_fd, STDIN_FILENO);
}

struct signals {
	struct sigaction old_int, old_term;
	bool is_set;
};

static void catch_signals(struct signals *s, const char *path)
{
	struct sigaction action = { .sa_handler = end_input, .sa_flags = (int)SA_RESETHAND };
	struct stat st;

	interrupted = 0;
	s->is_set = false;
	if (strcmp(path, "-") != 0 || fstat(STDIN_FILENO, &st) < 0 || S_ISREG(st.st_mode))
		return;
	if (null_fd < 0)
		null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0)
		return;
	sigaction(SIGINT, &action, &s->old_int);
	sigaction(SIGTERM, &action, &s->old_term);
	s->is_set = true;
}

static void restore_signals(const struct signals *s)
{
	if (!s->is_set)
		return;
	sigaction(SIGINT, &s->old_int, NULL);
	sigaction(SIGTERM, &s->old_term, NULL);
}

/* ---- progress */

struct progress {
	bool wanted, drawn;
	uint64_t last_ns; /* what is read at once needs no line */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void put_progress(struct progress *p, const struct da_source *s)
{
	char taken_text[DA_UNITS_TEXT], share[DA_UNITS_TEXT];
	uint64_t taken, size, now;

	if (!p->wanted || (now = now_ns()) - p->last_ns < PROGRESS_NS)
		return;
	p->last_ns = now;
	p->drawn = true;
	da_source_progress(s, &taken, &size);
	da_units_bytes(taken_text, taken);
	if (size)
		fprintf(stderr, "\rreading: %s (%s)   ", taken_text,
			da_units_share(share, taken, size));
	else
		fprintf(stderr, "\rreading: %s   ", taken_text);
}

static void end_progress(const struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
}

/* ---- reading */

static bool feed_block(struct da_report_recording *rec, const struct da_reader_block *block)
{
	const uint8_t *p = block->raw, *end = block->raw + block->len;
	struct da_fragment fragment;

	while (da_fragment_next(&p, end, &fragment)) {
		struct da_replay_piece piece = { .thread = fragment.thread,
						 .bytes = fragment.bytes,
						 .len = fragment.len,
						 .at = block->offset };

		if (!da_replay_feed(rec->replay, &piece, NULL))
			return false;
	}
	if (p != end)
		da_reader_reject(rec->reader, block, "a fragment is cut");
	return p == end;
}

/* A block was whole, but not what it says: found at once, or when its turn in the replay came. */
static bool note_bad_events(struct da_report_recording *rec)
{
	const struct da_replay_damage *damage = da_replay_damage(rec->replay);

	if (!damage->why)
		return false;
	rec->is_damaged = true;
	rec->damaged_byte = damage->at;
	snprintf(rec->damage, sizeof rec->damage,
		 "block at byte %" PRIu64 " is damaged: thread %" PRIu64 ": %s", damage->at,
		 damage->thread, damage->why);
	return true;
}

static void note_end(struct da_report_recording *rec)
{
	const struct da_reader_end *end = da_reader_end(rec->reader);

	rec->was_interrupted = interrupted;
	if (note_bad_events(rec))
		return;
	if (end->complete || rec->was_interrupted)
		return;
	rec->is_damaged = true;
	rec->is_unfinished = end->clean;
	rec->damaged_byte = end->byte;
	snprintf(rec->damage, sizeof rec->damage, "%s", end->text);
}

static void read_blocks(struct da_report_recording *rec, bool show_progress)
{
	struct progress progress = { .wanted = show_progress, .last_ns = now_ns() };
	struct da_model_options options;
	struct da_reader_block block;

	da_model_options_init(&options);
	da_model_options_take(&options, rec->header);
	rec->replay = da_replay_create(&options);
	while (da_reader_next(rec->reader, &block)) {
		put_progress(&progress, rec->source);
		if (!feed_block(rec, &block))
			break;
	}
	rec->model = da_replay_finish(rec->replay);
	end_progress(&progress);
	note_end(rec);
}

bool da_report_read(struct da_report_recording *rec, const char *path, bool show_progress,
		    struct da_err *err)
{
	struct signals signals;
	bool good;

	*rec = (struct da_report_recording){ .source = NULL };
	catch_signals(&signals, path);
	good = da_source_open(path, &rec->source, err) &&
	       da_reader_create(rec->source, &rec->reader, err);
	if (good) {
		rec->header = da_reader_header(rec->reader);
		read_blocks(rec, show_progress);
	}
	restore_signals(&signals);
	if (!good)
		da_report_close(rec);
	return good;
}

void da_report_close(struct da_report_recording *rec)
{
	da_replay_destroy(rec->replay);
	da_reader_destroy(rec->reader);
	da_source_close(rec->source);
}
