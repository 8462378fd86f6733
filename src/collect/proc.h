/* SPDX-License-Identifier: GPL-3.0-or-later */
/** What /proc says of a process. Works without /proc too: then it knows nothing. (proc(5)) */
#ifndef DA_COLLECT_PROC_H
#define DA_COLLECT_PROC_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** One look at /proc/PID/stat. */
struct da_proc_stat {
	char state; /**< 'R', 'S', 'T' (stopped), 'Z' (dead, not reaped) … */
	uint64_t start_ticks; /**< when it began: with the pid it names a process for good */
	uint64_t rss_bytes;
	/** Differs after execve(): where the image's stack begins; 0 when hidden from us. */
	uint64_t stack_start;
};

/** @return false when there is no such process. */
bool da_proc_stat(uint32_t pid, struct da_proc_stat *out);

/** Resident bytes of @pid, 0 when it cannot be told. Cheaper than da_proc_stat(). */
uint64_t da_proc_rss(uint32_t pid);

/** Name of thread @tid of @pid into @buf, NUL-terminated. @return its length, 0: it is gone. */
size_t da_proc_thread_name(uint32_t pid, uint32_t tid, char *buf, size_t size);

/** Path of the executable of @pid into @buf, NUL-terminated. @return its length, 0: unknown. */
size_t da_proc_exe(uint32_t pid, char *buf, size_t size);

/** The first @size bytes of the command line of @pid, each argument ended by NUL. @return bytes. */
size_t da_proc_cmdline(uint32_t pid, char *buf, size_t size);

/** Whether @pid maps a file with inode number @inode; true when it cannot be told. */
bool da_proc_maps_inode(uint32_t pid, uint64_t inode);

/**
 * The children of the calling process's main thread into @pids, at most @max.
 * @return how many, -1 when it cannot be told (a kernel without CONFIG_PROC_CHILDREN).
 */
int da_proc_children(uint32_t *pids, int max);

/** Whether @pid exists and is not a zombie. */
bool da_proc_is_alive(uint32_t pid);

#endif
