/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Path resolution inside a directory for kernels without openat2() (before 5.6, or filtered): one
 * component at a time, no link followed by the kernel.
 */
#ifndef DA_SYMBOLS_ROOTFS_WALK_H
#define DA_SYMBOLS_ROOTFS_WALK_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

/**
 * Like openat2(@root_fd, @path, @flags) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: absolute
 * paths and link targets start at @root_fd, ".." stops there.
 *
 * @return a descriptor, or -1 with errno: ELOOP after 40 links or at a magic link, ENAMETOOLONG for
 * a path that grows past PATH_MAX or 256 components, else as open().
 */
int da_rootfs_walk(int root_fd, const char *path, int flags);

#endif
