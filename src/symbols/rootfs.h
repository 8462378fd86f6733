/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * The jail: opens files below a directory as if that were "/". No symbolic link, "..", absolute
 * path or magic link of /proc leads out of it, and only regular files are opened.
 */
#ifndef DA_SYMBOLS_ROOTFS_H
#define DA_SYMBOLS_ROOTFS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** Symbolic links followed for one path, as the kernel's limit. */
#define DA_ROOTFS_MAX_LINKS 40

/** Largest file opened, in bytes. */
#define DA_ROOTFS_MAX_FILE_BYTES (2ULL << 30)

/** One jail. */
struct da_rootfs {
	/** O_PATH descriptor of the directory; -1 when closed. */
	int dir_fd;
	/**
	 * Whether paths are walked by us because the kernel has no openat2(), or a test wants it.
	 */
	bool walk;
	/** The directory as given, without trailing slashes: prefix of what is shown to people. */
	char *prefix;
};

/**
 * Open @dir (NULL: this machine's "/") as a jail.
 * @walk: never use openat2() (for tests). @return false with @err if it is no directory.
 */
bool da_rootfs_open(struct da_rootfs *r, const char *dir, bool walk, struct da_err *err);

/** Close; harmless on a jail whose opening failed. */
void da_rootfs_close(struct da_rootfs *r);

/**
 * Open the regular file @path (relative and absolute mean the same) inside the jail for reading.
 *
 * Devices, FIFOs and sockets are looked at but never opened, so that nothing hangs or has an
 * effect.
 * @fd_out: on success a close-on-exec descriptor, 3 or higher, owned by the caller; else -1.
 * @return false with @err saying path and reason: not there, no regular file, over 2 GiB, a loop.
 */
bool da_rootfs_open_file(const struct da_rootfs *r, const char *path, int *fd_out,
			 struct da_err *err);

#endif
