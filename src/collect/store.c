/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".dalloc"
#define MAX_RENAMES 10000

static const char *kind_name(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO (use '-o -' and a pipe)";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

static int create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
}

static bool open_other(struct da_store *st, const char *path, enum da_store_existing existing,
		       struct da_err *err)
{
	struct stat s;

	if (lstat(path, &s))
		return da_err_set(err, "cannot create %s: %s", path, strerror(errno));
	if (S_ISCHR(s.st_mode)) {
		st->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
		return st->fd >= 0 || da_err_set(err, "cannot open %s: %s", path, strerror(errno));
	}
	if (!S_ISREG(s.st_mode) && !S_ISLNK(s.st_mode))
		return da_err_set(err, "cannot write to %s: it is %s", path, kind_name(s.st_mode));
	if (existing != DA_STORE_REPLACE)
		return da_err_set(err,
				  "%s exists already; choose another name with -o, or replace it "
				  "with --force",
				  path);
	if (unlink(path))
		return da_err_set(err, "cannot replace %s: %s", path, strerror(errno));
	st->fd = create(path);
	return st->fd >= 0 || da_err_set(err, "cannot create %s: %s", path, strerror(errno));
}

static bool open_renamed(struct da_store *st, const char *path, struct da_err *err)
{
	size_t n = strlen(path), tail = strlen(SUFFIX);
	bool suffixed = n > tail && !strcmp(path + n - tail, SUFFIX);

	for (int i = 1; i < MAX_RENAMES; i++) {
		snprintf(st->path, sizeof st->path, "%.*s-%d%s", (int)(suffixed ? n - tail : n),
			 path, i, suffixed ? SUFFIX : "");
		st->fd = create(st->path);
		if (st->fd >= 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	return da_err_set(err, "cannot create %s: %s", st->path, strerror(errno));
}

bool da_store_open(struct da_store *st, const char *path, enum da_store_existing existing,
		   struct da_err *err)
{
	st->bytes = 0;
	if ((size_t)snprintf(st->path, sizeof st->path, "%s", path) >= sizeof st->path - 16)
		return da_err_set(err, "cannot create a file: its name is too long");
	st->fd = create(path);
	if (st->fd >= 0)
		return true;
	if (errno != EEXIST && errno != EISDIR)
		return da_err_set(err, "cannot create %s: %s", path, strerror(errno));
	if (existing == DA_STORE_RENAME)
		return open_renamed(st, path, err);
	return open_other(st, path, existing, err);
}

void da_store_attach(struct da_store *st, int fd, const char *name)
{
	st->fd = fd;
	st->bytes = 0;
	snprintf(st->path, sizeof st->path, "%s", name);
}

bool da_store_write(struct da_store *st, const void *bytes, size_t n, struct da_err *err)
{
	const char *p = bytes;
	size_t left = n;

	while (left) {
		ssize_t done = write(st->fd, p, left);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			da_err_set(err, "cannot write to %s: %s", st->path,
				   strerror(done ? errno : EIO));
			if (ftruncate(st->fd, (off_t)st->bytes)) {
				/* a pipe or device: a reader stops at the last whole block */
			}
			da_store_close(st, NULL);
			return false;
		}
		p += done;
		left -= (size_t)done;
	}
	st->bytes += n;
	return true;
}

void da_store_discard(struct da_store *st, bool remove)
{
	struct stat s;

	if (remove && !fstat(st->fd, &s) && S_ISREG(s.st_mode))
		unlink(st->path);
	da_store_close(st, NULL);
}

bool da_store_close(struct da_store *st, struct da_err *err)
{
	int fd = st->fd;

	st->fd = -1;
	if (fd < 0 || !close(fd))
		return true;
	return da_err_set(err, "cannot write to %s: %s", st->path, strerror(errno));
}
