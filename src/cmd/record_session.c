/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/record_session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "collect/embedded.h"
#include "collect/pattern.h"
#include "collect/proc.h"
#include "collect/send.h"
#include "collect/ticks.h"
#include "ds/mem.h"

#define CONNECT_MS 10000u
/* A child's connection is made while others run and wait for the buffer. */
#define CONNECT_CHILD_MS 1000u
#define NS_PER_S UINT64_C(1000000000)
#define CMDLINE_MAX 32768

static void configure(struct da_pool *pool, const struct da_record_options *o)
{
	pool->unwind = (uint32_t)o->unwind;
	pool->depth = (uint32_t)o->depth;
	pool->sample = o->sample;
	pool->stacks_alloc_only = o->stacks_alloc_only || o->sample;
	pool->on_full = (uint32_t)o->on_full;
	pool->follow = o->follow;
	pool->min_size = o->min_size;
	pool->max_size = o->max_size;
	pool->recorder_pid = (uint32_t)getpid();
	da_ticks_configure(&pool->order);
}

bool da_record_session_init(struct da_record_session *s, struct da_err *err)
{
	enum da_compress_level level = (enum da_compress_level)s->options->compress;

	s->first.store.fd = s->first.socket = s->shim.fd = -1;
	if (!da_compressor_create(level, &s->compressor, err))
		return false;
	if (!da_shared_open(&s->shared, s->options->buffer, err))
		return false;
	configure(s->shared.pool, s->options);
	da_pool_bound_depth(s->shared.pool);
	s->depth = s->shared.pool->depth;
	if (!da_shim_file_open(&s->shim, da_embedded_shim, da_embedded_shim_size, err))
		return false;
	s->packed = da_xmalloc(DA_WRITER_PACKED_BYTES);
	/* before signals are held back: Ctrl-C ends a connect that gets no answer */
	return !s->options->server ||
	       da_send_connect(s->options->server, CONNECT_MS, &s->first.socket, err);
}

void da_record_session_deinit(struct da_record_session *s)
{
	da_drain_deinit(&s->drain);
	da_compressor_destroy(s->compressor);
	da_shim_file_close(&s->shim);
	da_shared_close(&s->shared);
	free(s->packed);
}

/* The program's name as the user knows it: of a script, not of its interpreter. */
static bool expand_name(struct da_record_session *s, const char *pattern, uint32_t pid, char *out,
			size_t size, struct da_err *err)
{
	struct utsname host = { .nodename = "" };
	struct da_pattern_values v = { .pid = pid,
				       .program = s->check.program,
				       .wall_ns = s->start_wall_ns };

	uname(&host);
	v.program_len = strlen(v.program);
	v.host = host.nodename;
	v.host_len = strlen(host.nodename);
	return da_pattern_expand(pattern, &v, out, size, err);
}

static bool open_store(struct da_record_session *s, const char *pattern, uint32_t pid,
		       enum da_store_existing existing, struct da_store *store, struct da_err *err)
{
	char path[PATH_MAX];

	return expand_name(s, pattern, pid, path, sizeof path, err) &&
	       da_store_open(store, path, existing, err);
}

/* The pattern to use, NULL: no file. */
static const char *file_pattern(const struct da_record_options *o)
{
	if (o->output)
		return o->output;
	return o->server ? NULL : DA_PATTERN_DEFAULT;
}

bool da_record_session_open(struct da_record_session *s, uint32_t pid, struct da_err *err)
{
	const struct da_record_options *o = s->options;
	const char *pattern = file_pattern(o);
	struct timespec ts;
	int fd;

	clock_gettime(CLOCK_REALTIME, &ts);
	s->start_wall_ns = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	if (pattern && !strcmp(pattern, "-")) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return da_err_set(err, "cannot write to standard output: it is closed");
		da_store_attach(&s->first.store, fd, "standard output");
		return true;
	}
	return !pattern ||
	       open_store(s, pattern, pid, o->force ? DA_STORE_REPLACE : DA_STORE_REFUSE,
			  &s->first.store, err);
}

void da_record_session_unopen(struct da_record_session *s)
{
	bool is_file = s->first.store.fd >= 0 && file_pattern(s->options) &&
		       strcmp(file_pattern(s->options), "-");

	if (s->first.store.fd >= 0)
		da_store_discard(&s->first.store, is_file);
	if (s->first.socket >= 0)
		close(s->first.socket);
	s->first.store.fd = s->first.socket = -1;
}

/* ---- streams */

static size_t join_arguments(char **argv, char *buf, size_t size)
{
	size_t n = 0;

	for (; *argv; argv++) {
		size_t len = strlen(*argv) + 1;

		if (n + len > size)
			break;
		memcpy(buf + n, *argv, len);
		n += len;
	}
	return n;
}

static uint64_t parent_of(const struct da_record_session *s, uint32_t process)
{
	uint32_t parent = s->shared.pool->process_parent[process];

	return parent < DA_POOL_MAX_PROCESSES ? s->shared.pool->process_pid[parent] : 0;
}

/* Texts of a header; they live until the header is written. */
struct texts {
	char exe[PATH_MAX];
	char cmdline[CMDLINE_MAX];
	struct utsname host;
};

static struct da_text text_of(const char *s)
{
	return (struct da_text){ s, (uint32_t)strlen(s) };
}

static void fill_header(struct da_record_session *s, const struct da_stream *stream,
			struct texts *t, struct da_header *h)
{
	const struct da_record_options *o = s->options;
	struct da_elf_peek elf = s->check.elf;
	size_t n;

	if (!elf.is_elf)
		da_elf_peek_header(da_embedded_shim, da_embedded_shim_size, &elf);
	*h = (struct da_header){
		.machine = elf.machine,
		.word_bits = elf.word_bits,
		.big_endian = elf.big_endian,
		.elf_flags = elf.flags,
		.page_size = (uint32_t)sysconf(_SC_PAGESIZE),
		.pid = stream->pid,
		.start_wall_ns = s->start_wall_ns,
		.unwind = (uint32_t)o->unwind,
		.depth = s->depth,
		.stacks_alloc_only = o->stacks_alloc_only || o->sample,
		.sample = o->sample,
		.min_size = o->min_size,
		.max_size = o->max_size,
	};
	if (stream->process)
		h->parent_pid = (uint32_t)parent_of(s, stream->process);
	if (!da_proc_exe(stream->pid, t->exe, sizeof t->exe) &&
	    !realpath(s->check.binary[0] ? s->check.binary : s->check.path, t->exe))
		strcpy(t->exe, s->check.path);
	n = stream->process ? da_proc_cmdline(stream->pid, t->cmdline, sizeof t->cmdline) : 0;
	if (!n)
		n = join_arguments(s->argv, t->cmdline, sizeof t->cmdline);
	uname(&t->host);
	h->program = text_of(t->exe);
	h->cmdline = (struct da_text){ t->cmdline, (uint32_t)n };
	h->version = text_of(PACKAGE_VERSION);
	h->host = text_of(t->host.nodename);
	h->kernel = text_of(t->host.release);
}

/* Outputs for a child of fork. */
static bool open_child(struct da_record_session *s, uint32_t pid, struct da_writer_outputs *out,
		       struct da_err *err)
{
	const struct da_record_options *o = s->options;
	const char *pattern = file_pattern(o);
	char with_pid[PATH_MAX];
	bool ok = true;

	out->store.fd = out->socket = -1;
	if (o->server)
		ok = da_send_connect(o->server, CONNECT_CHILD_MS, &out->socket, err);
	if (!pattern)
		return ok;
	if (!da_pattern_has_pid(pattern) && da_pattern_add_pid(pattern, with_pid, sizeof with_pid))
		pattern = with_pid;
	return open_store(s, pattern, pid, DA_STORE_RENAME, &out->store, err);
}

bool da_record_session_stream(void *ctx, struct da_stream *stream)
{
	struct da_record_session *s = ctx;
	struct da_writer_outputs out = s->first;
	struct texts *texts;
	struct da_header h;
	struct da_err err;

	if (stream->process && !open_child(s, stream->pid, &out, &err)) {
		da_message_error("process %u is not recorded: %s", stream->pid, err.text);
		return false;
	}
	texts = da_xmalloc(sizeof *texts);
	fill_header(s, stream, texts, &h);
	da_writer_init(&stream->writer, &out, s->compressor, s->packed, &h);
	free(texts);
	return true;
}
