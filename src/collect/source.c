/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collect/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "ds/mem.h"

#define IN_BYTES ((size_t)64 << 10)
/* The longest magic number: enough to tell the kinds apart. */
#define MAGIC_BYTES 4

struct da_source {
	int fd;
	bool owns_fd;
	char *name;
	enum da_source_kind kind;
	uint64_t taken, size;
	const char *why;
	bool at_eof; /* of the file */
	bool in_frame; /* a gzip member or zstd frame has begun and not ended */
	z_stream gzip; /* kind GZIP */
	ZSTD_DStream *zstd; /* kind ZSTD */
	size_t pos, len; /* of in[] */
	uint8_t in[IN_BYTES];
};

/* Add to in[] what one read gives. @return false at the end of the file. */
static bool fill(struct da_source *s)
{
	ssize_t n;

	if (s->pos == s->len)
		s->pos = s->len = 0;
	do {
		n = s->at_eof ? 0 : read(s->fd, s->in + s->len, IN_BYTES - s->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		s->why = strerror(errno);
	if (n <= 0) {
		s->at_eof = true;
		return false;
	}
	s->len += (size_t)n;
	s->taken += (uint64_t)n;
	return true;
}

static enum da_source_kind kind_of(const uint8_t *p, size_t len)
{
	if (len >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8)
		return DA_SOURCE_GZIP; /* RFC 1952, section 2.3.1 */
	if (len >= 4 && p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd)
		return DA_SOURCE_ZSTD; /* RFC 8878, section 3.1.1 */
	return DA_SOURCE_RAW;
}

static bool start(struct da_source *s, struct da_err *err)
{
	while (s->len < MAGIC_BYTES && fill(s))
		;
	if (s->why)
		return da_err_set(err, "cannot read %s: %s", s->name, s->why);
	if (!s->len)
		return da_err_set(err, "cannot read %s: it is empty", s->name);
	s->kind = kind_of(s->in, s->len);
	if (s->kind == DA_SOURCE_GZIP && inflateInit2(&s->gzip, 15 + 16) != Z_OK)
		return da_err_set(err, "cannot read %s: zlib does not start", s->name);
	if (s->kind == DA_SOURCE_ZSTD) {
		s->zstd = ZSTD_createDStream();
		if (!s->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
								    DA_SOURCE_WINDOW_LOG_MAX)))
			return da_err_set(err, "cannot read %s: zstd does not start", s->name);
	}
	return true;
}

static bool open_fd(int fd, bool owns, const char *name, struct da_source **out, struct da_err *err)
{
	struct da_source *s = da_xcalloc(1, sizeof(*s));
	struct stat st;

	s->fd = fd;
	s->owns_fd = owns;
	s->name = da_xstrdup(name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	if (!start(s, err)) {
		da_source_close(s);
		return false;
	}
	*out = s;
	return true;
}

bool da_source_open_fd(int fd, const char *name, struct da_source **out, struct da_err *err)
{
	return open_fd(fd, false, name, out, err);
}

bool da_source_open(const char *path, struct da_source **out, struct da_err *err)
{
	struct stat st;
	int fd;

	if (!path || !strcmp(path, "-"))
		return open_fd(STDIN_FILENO, false, "standard input", out, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return da_err_set(err, "cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return da_err_set(err, "cannot open %s: it is a directory", path);
	}
	return open_fd(fd, true, path, out, err);
}

void da_source_close(struct da_source *s)
{
	if (!s)
		return;
	if (s->kind == DA_SOURCE_GZIP)
		inflateEnd(&s->gzip);
	ZSTD_freeDStream(s->zstd);
	if (s->owns_fd)
		close(s->fd);
	free(s->name);
	free(s);
}

static size_t read_raw(struct da_source *s, uint8_t *buf, size_t len)
{
	size_t n = s->len - s->pos < len ? s->len - s->pos : len;

	memcpy(buf, s->in + s->pos, n);
	s->pos += n;
	return n;
}

/* Members may follow each other; anything else behind one is not ours to judge: the end. */
static size_t read_gzip(struct da_source *s, uint8_t *buf, size_t len)
{
	z_stream *z = &s->gzip;
	int status;

	if (!s->in_frame && inflateReset(z) != Z_OK)
		s->why = "zlib does not restart";
	s->in_frame = true;
	z->next_in = s->in + s->pos;
	z->avail_in = (uInt)(s->len - s->pos);
	z->next_out = buf;
	z->avail_out = len < UINT32_MAX ? (uInt)len : UINT32_MAX;
	status = inflate(z, Z_NO_FLUSH);
	s->pos = s->len - z->avail_in;
	if (status == Z_STREAM_END)
		s->in_frame = false;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		s->why = "damaged gzip data";
	return (size_t)(z->next_out - buf);
}

static size_t read_zstd(struct da_source *s, uint8_t *buf, size_t len)
{
	ZSTD_inBuffer in = { .src = s->in, .size = s->len, .pos = s->pos };
	ZSTD_outBuffer out = { .dst = buf, .size = len };
	size_t status = ZSTD_decompressStream(s->zstd, &out, &in);

	s->pos = in.pos;
	s->in_frame = status != 0;
	if (ZSTD_isError(status))
		s->why = "damaged zstd data, or a window larger than 8 MiB";
	return out.pos;
}

static size_t read_some(struct da_source *s, uint8_t *buf, size_t len)
{
	switch (s->kind) {
	case DA_SOURCE_GZIP: return read_gzip(s, buf, len);
	case DA_SOURCE_ZSTD: return read_zstd(s, buf, len);
	default: return read_raw(s, buf, len);
	}
}

size_t da_source_read(struct da_source *s, void *buf, size_t len)
{
	size_t n = 0;

	while (n < len && !s->why) {
		bool had_input = s->pos < s->len;
		size_t got = 0;

		/* a decompressor may hold output although the input is used up */
		if (had_input || s->in_frame)
			got = read_some(s, (uint8_t *)buf + n, len - n);
		n += got;
		if (got || s->pos < s->len || fill(s))
			continue;
		if (s->in_frame && !s->why)
			s->why = s->kind == DA_SOURCE_GZIP ? "the gzip data are cut" :
							     "the zstd data are cut";
		break;
	}
	return n;
}

const char *da_source_why(const struct da_source *s)
{
	return s->why;
}

const char *da_source_name(const struct da_source *s)
{
	return s->name;
}

enum da_source_kind da_source_kind(const struct da_source *s)
{
	return s->kind;
}

void da_source_progress(const struct da_source *s, uint64_t *taken_out, uint64_t *size_out)
{
	*taken_out = s->taken - (s->len - s->pos);
	*size_out = s->size;
}
