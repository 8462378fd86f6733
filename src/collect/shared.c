/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/memfd.h and linux/fcntl.h; older headers of a device's toolchain lack them */
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#endif
#define DA_MFD_EXEC 0x10u /* since Linux 6.3; older kernels refuse it */
#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#endif
#ifndef O_TMPFILE
#define O_TMPFILE 0
#endif

static int memfd(const char *name, unsigned flags)
{
#ifdef SYS_memfd_create
	return (int)syscall(SYS_memfd_create, name, flags);
#else
	(void)name, (void)flags;
	errno = ENOSYS;
	return -1;
#endif
}

static const char *temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

/* An unlinked file that only we can open: mkstemp is O_EXCL, 0600 and a random name. */
static int unlinked_file(const char *dir)
{
	char path[4096];
	int fd;

	if ((size_t)snprintf(path, sizeof path, "%s/dumpalloc-XXXXXX", dir) >= sizeof path)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Make the file @bytes long with all blocks allocated. @return 0 or an errno. */
static int allocate(int fd, size_t bytes)
{
	static const char zeros[65536];

	if (!fallocate(fd, 0, 0, (off_t)bytes))
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	for (size_t at = 0; at < bytes; at += sizeof zeros) {
		size_t n = bytes - at < sizeof zeros ? bytes - at : sizeof zeros;

		if (pwrite(fd, zeros, n, (off_t)at) != (ssize_t)n)
			return errno ? errno : ENOSPC;
	}
	return 0;
}

/* Try to make the pool's file of @bytes in any place. @return 0 or the last reason. */
static int make_file(struct da_shared *s, size_t bytes)
{
	const char *dirs[] = { NULL, "/dev/shm", temp_dir() };
	int reason = 0;

	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		int fd = dirs[i] ? unlinked_file(dirs[i]) :
				   memfd("dumpalloc-pool", MFD_CLOEXEC | MFD_ALLOW_SEALING);

		reason = fd < 0 ? errno : allocate(fd, bytes);
		if (!reason) {
			/* only a memfd takes seals; the others have no name to be reached by */
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
			s->fd = fd;
			s->bytes = bytes;
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
	return reason;
}

bool da_shared_open(struct da_shared *s, size_t bytes, struct da_err *err)
{
	int reason = make_file(s, bytes);
	void *map;

	while (reason && bytes / 2 >= DA_POOL_MIN_BYTES) {
		bytes /= 2;
		reason = make_file(s, bytes);
	}
	if (reason)
		return da_err_set(err,
				  "cannot make a buffer of %zu KiB in memory, /dev/shm or %s: %s",
				  bytes >> 10, temp_dir(), strerror(reason));
	map = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (map == MAP_FAILED) {
		reason = errno;
		close(s->fd);
		return da_err_set(err, "cannot map a buffer of %zu KiB: %s", s->bytes >> 10,
				  strerror(reason));
	}
	madvise(map, s->bytes, MADV_DONTDUMP);
	s->pool = map;
	da_pool_init(s->pool, s->bytes);
	return true;
}

void da_shared_close(struct da_shared *s)
{
	munmap(s->pool, s->bytes);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* ---- the shim */

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* Whether the file can be mapped executable: no on a noexec mount. */
static bool allows_exec(int fd)
{
	void *p = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return false;
	munmap(p, 1);
	return true;
}

static bool is_reachable(int fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return !access(path, R_OK);
}

static bool open_memfd(struct da_shim_file *f, const void *bytes, size_t size)
{
	f->fd = memfd("libdumpalloc.so", MFD_CLOEXEC | DA_MFD_EXEC);
	if (f->fd < 0)
		f->fd = memfd("libdumpalloc.so", MFD_CLOEXEC);
	if (f->fd < 0)
		return false;
	if (write_all(f->fd, bytes, size) && is_reachable(f->fd) && allows_exec(f->fd))
		return true;
	close(f->fd);
	f->fd = -1;
	return false;
}

static bool open_in_dir(struct da_shim_file *f, const char *dir, const void *bytes, size_t size)
{
	size_t n = strlen(dir);
	bool ok = false;
	int fd;

	/* the loader splits LD_PRELOAD at spaces and colons and takes absolute paths only */
	if (dir[0] != '/' || strpbrk(dir, " :\t") || n + 64 > sizeof f->path)
		return false;
	snprintf(f->path, sizeof f->path, "%s/dumpalloc-XXXXXX", dir);
	if (!mkdtemp(f->path)) {
		f->path[0] = '\0';
		return false;
	}
	strcat(f->path, "/libdumpalloc.so");
	fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = write_all(fd, bytes, size) && allows_exec(fd);
		close(fd);
	}
	if (!ok)
		da_shim_file_close(f);
	return ok;
}

bool da_shim_file_open(struct da_shim_file *f, const void *bytes, size_t size, struct da_err *err)
{
	const char *dirs[] = { temp_dir(), "/tmp", "/var/tmp", "/dev/shm" };

	f->path[0] = '\0';
	if (open_memfd(f, bytes, size))
		return true;
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		if (open_in_dir(f, dirs[i], bytes, size))
			return true;
	}
	return da_err_set(err,
			  "cannot store libdumpalloc.so where the program can load it: neither in "
			  "memory nor in %s, /tmp, /var/tmp or /dev/shm; set TMPDIR to a "
			  "directory that is writable and not mounted noexec",
			  dirs[0]);
}

void da_shim_file_close(struct da_shim_file *f)
{
	char *slash;

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (!f->path[0])
		return;
	unlink(f->path);
	slash = strrchr(f->path, '/');
	*slash = '\0';
	rmdir(f->path);
	f->path[0] = '\0';
}
