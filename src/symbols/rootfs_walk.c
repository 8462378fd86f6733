/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/rootfs_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "symbols/rootfs.h"

#define MAX_DEPTH 256

/*
 * @dir_fd is what the components consumed so far lead to. @todo[@at..] is the rest. Only
 * directories and links are opened on the way, always with O_NOFOLLOW; ".." is done by opening the
 * remembered names again from the root, never by asking the kernel, whose answer could lie outside
 * when a directory is moved meanwhile.
 */
struct walk {
	int root_fd;
	int dir_fd;
	char todo[PATH_MAX];
	size_t at;
	/* Names entered, each with its NUL, and where each starts. */
	char done[PATH_MAX];
	size_t starts[MAX_DEPTH + 1];
	size_t depth;
	unsigned int links;
};

static void set_dir(struct walk *w, int fd)
{
	if (w->dir_fd != w->root_fd && w->dir_fd >= 0)
		close(w->dir_fd);
	w->dir_fd = fd;
}

static bool fail(int number)
{
	errno = number;
	return false;
}

static bool reopen(struct walk *w)
{
	set_dir(w, w->root_fd);
	for (size_t i = 0; i < w->depth; i++) {
		int fd = openat(w->dir_fd, w->done + w->starts[i],
				O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return false;
		set_dir(w, fd);
	}
	return true;
}

static bool leave(struct walk *w)
{
	if (!w->depth)
		return true;
	w->depth--;
	return reopen(w);
}

static bool enter(struct walk *w, const char *name, int fd)
{
	size_t start = w->starts[w->depth], len = strlen(name) + 1;

	if (w->depth == MAX_DEPTH || start + len > sizeof(w->done)) {
		close(fd);
		return fail(ENAMETOOLONG);
	}
	memcpy(w->done + start, name, len);
	w->starts[++w->depth] = start + len;
	set_dir(w, fd);
	return true;
}

/* A link of /proc whose text is not what following it opens. */
static bool is_magic(int link_fd)
{
	struct statfs fs;
	return fstatfs(link_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Put the link's target before the rest of the path. */
static bool expand(struct walk *w, int link_fd)
{
	char text[PATH_MAX];
	size_t rest = strlen(w->todo + w->at) + 1;

	if (++w->links > DA_ROOTFS_MAX_LINKS || is_magic(link_fd))
		return fail(ELOOP);
	ssize_t n = readlinkat(link_fd, "", text, sizeof(text));
	if (n < 0)
		return false;
	if (n == 0)
		return fail(ENOENT);
	if ((size_t)n + 1 + rest > sizeof(text))
		return fail(ENAMETOOLONG);
	text[n] = '/';
	memcpy(text + n + 1, w->todo + w->at, rest);
	memcpy(w->todo, text, (size_t)n + 1 + rest);
	w->at = 0;
	if (text[0] == '/') {
		w->depth = 0;
		set_dir(w, w->root_fd);
	}
	return true;
}

static bool is_last(const struct walk *w)
{
	return w->todo[w->at] == '\0';
}

/* One component; at the last one that is no link, *@fd_out is the result. */
static bool step(struct walk *w, const char *name, int flags, int *fd_out)
{
	struct stat st;
	int fd = openat(w->dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		bool ok = expand(w, fd);
		int number = errno;
		close(fd);
		errno = number;
		return ok;
	}
	if (!is_last(w))
		return enter(w, name, fd);
	close(fd);
	*fd_out = openat(w->dir_fd, name, flags | O_NOFOLLOW);
	return *fd_out >= 0;
}

/* Copy the next component and skip the slashes after it; "" at the end. */
static bool next_name(struct walk *w, char name[NAME_MAX + 1])
{
	while (w->todo[w->at] == '/')
		w->at++;
	size_t len = strcspn(w->todo + w->at, "/");
	if (len > NAME_MAX)
		return fail(ENAMETOOLONG);
	memcpy(name, w->todo + w->at, len);
	name[len] = '\0';
	w->at += len;
	while (w->todo[w->at] == '/')
		w->at++;
	return true;
}

static int walk(struct walk *w, int flags)
{
	char name[NAME_MAX + 1];
	int fd = -1;

	while (fd < 0) {
		if (!next_name(w, name))
			return -1;
		if (name[0] == '\0')
			return openat(w->dir_fd, ".", flags | O_NOFOLLOW);
		if (strcmp(name, ".") == 0)
			continue;
		bool ok = strcmp(name, "..") == 0 ? leave(w) : step(w, name, flags, &fd);
		if (!ok)
			return -1;
	}
	return fd;
}

int da_rootfs_walk(int root_fd, const char *path, int flags)
{
	struct walk w = {.root_fd = root_fd, .dir_fd = root_fd};

	if (strlen(path) >= sizeof(w.todo)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (path[0] == '\0') {
		errno = ENOENT;
		return -1;
	}
	strcpy(w.todo, path);
	int fd = walk(&w, flags);
	int number = errno;
	set_dir(&w, root_fd);
	errno = number;
	return fd;
}
