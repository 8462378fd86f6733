/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ds/mem.h"
#include "symbols/rootfs_walk.h"

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static const char *reason(int number)
{
	switch (number) {
	case ENOENT:
		return "no such file";
	case ENOTDIR:
		return "not a directory";
	case ELOOP:
		return "too many symbolic links";
	case EACCES:
		return "permission denied";
	default:
		return strerror(number);
	}
}

bool da_rootfs_open(struct da_rootfs *r, const char *dir, bool walk, struct da_err *err)
{
	r->walk = walk;
	r->prefix = NULL;
	r->dir_fd = open(dir ? dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->dir_fd < 0)
		return da_err_set(err, "cannot open directory %s: %s", dir ? dir : "/",
				  reason(errno));

	r->prefix = da_xstrdup(dir ? dir : "");
	size_t len = strlen(r->prefix);
	while (len && r->prefix[len - 1] == '/')
		r->prefix[--len] = '\0';
	return true;
}

void da_rootfs_close(struct da_rootfs *r)
{
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	r->dir_fd = -1;
	free(r->prefix);
	r->prefix = NULL;
}

static int open_kernel(const struct da_rootfs *r, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, r->dir_fd, path, &how, sizeof(how));
}

/* EPERM is what a container's filter says instead of ENOSYS. */
static int open_in_jail(const struct da_rootfs *r, const char *path, int flags)
{
	if (!r->walk) {
		int fd = open_kernel(r, path, flags);
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return fd;
	}
	return da_rootfs_walk(r->dir_fd, path, flags);
}

static const char *kind_text(mode_t mode)
{
	if (S_ISDIR(mode))
		return "is a directory";
	if (S_ISFIFO(mode))
		return "is a FIFO";
	if (S_ISSOCK(mode))
		return "is a socket";
	return "is a device";
}

/* NULL if the file may be read, else why not. */
static const char *refusal(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return reason(errno);
	if (!S_ISREG(st.st_mode))
		return kind_text(st.st_mode);
	if ((uint64_t)st.st_size > DA_ROOTFS_MAX_FILE_BYTES)
		return "is larger than 2 GiB";
	return NULL;
}

/* Descriptors 0 to 2 are closed in the worker, which gets this one. */
static int above_stdio(int fd)
{
	if (fd < 0 || fd > 2)
		return fd;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return high;
}

bool da_rootfs_open_file(const struct da_rootfs *r, const char *path, int *fd_out,
			 struct da_err *err)
{
	const char *slash = path[0] == '/' ? "" : "/";

	*fd_out = -1;
	/* O_PATH first: opening a device can have effects, and a FIFO wakes its writer. */
	int fd = open_in_jail(r, path, O_PATH | O_CLOEXEC);
	const char *why = fd < 0 ? reason(errno) : refusal(fd);
	if (fd >= 0)
		close(fd);
	if (!why) {
		fd = above_stdio(open_in_jail(r, path, OPEN_FLAGS));
		/* Again: the name may mean another file by now. */
		why = fd < 0 ? reason(errno) : refusal(fd);
		if (fd >= 0 && why)
			close(fd);
	}
	if (why)
		return da_err_set(err, "cannot open %s%s%s: %s", r->prefix, slash, path, why);
	*fd_out = fd;
	return true;
}
