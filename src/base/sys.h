/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * System calls without libc, for the shim: they leave errno alone and are no cancellation points.
 * Each returns the kernel's result, or -errno. The names are the kernel's.
 */
#ifndef DA_BASE_SYS_H
#define DA_BASE_SYS_H

#include "base/types.h"

/** Open a file; @flags and @mode as open(2). */
long da_sys_open(const char *path, int flags, int mode);
/** close(2). */
long da_sys_close(int fd);
/** read(2), restarted after EINTR. */
long da_sys_read(int fd, void *buf, size_t n);
/** write(2), not restarted. */
long da_sys_write(int fd, const void *buf, size_t n);
/** lseek(2) to the end: a file's size in bytes. */
long da_sys_size(int fd);
/** fcntl(2) with an integer argument. */
long da_sys_fcntl(int fd, int cmd, long arg);
/** readlink(2): bytes stored, not NUL-terminated. */
long da_sys_readlink(const char *path, char *buf, size_t size);
/** getcwd(2): bytes stored with the NUL. */
long da_sys_getcwd(char *buf, size_t size);

/** The kernel's answer to uname(2): six texts of 65 bytes, NUL-terminated. */
struct da_sys_uname {
	char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

/** uname(2). */
long da_sys_uname(struct da_sys_uname *out);

/** Map @n bytes of zeroed private memory. @return NULL when there is none. */
void *da_sys_map(size_t n);
/** Map @n bytes of @fd, shared, read and write. @return NULL on failure. */
void *da_sys_map_file(int fd, size_t n);
/** munmap(2). */
void da_sys_unmap(void *p, size_t n);
/** madvise(2). */
long da_sys_advise(void *p, size_t n, int advice);
/**
 * The first address from @lo on that cannot be read, or @hi. Asks for each of the first 2048
 * pages (8 MiB) with futex(2), the one call that the shim makes in a steady state anyway, so that
 * no seccomp filter kills for it; for all others at once with msync(2), which takes PROT_NONE for
 * mapped, and for some of them with futex(2).
 */
uintptr_t da_sys_mapped_until(uintptr_t lo, uintptr_t hi);
/** Whether that is @hi. */
bool da_sys_is_mapped(uintptr_t lo, uintptr_t hi);
/**
 * Compare the aligned word at @at, which may be unmapped at any time, with @expected.
 * @return 1 equal, 0 different, -EFAULT not mapped, -ENOSYS: a kernel without futex.
 */
long da_sys_compare(const uint32_t *at, uint32_t expected);
/**
 * Copy @n bytes of the own process @pid from @from, which may be unmapped at any time:
 * process_vm_readv(2).
 * @return the bytes copied; -EFAULT: nothing is there.
 */
long da_sys_copy(long pid, void *out, uintptr_t from, size_t n);
/** PR_GET_SECCOMP: 0 when the process has no filter (or cannot have one), else greater. */
long da_sys_seccomp(void);

/** End the process: exit_group(2). */
void da_sys_exit(int status) __attribute__((noreturn));
/** getpid(2), gettid(2). */
long da_sys_getpid(void);
/** @copydoc da_sys_getpid */
long da_sys_gettid(void);
/**
 * Whether process @pid lives: kill(2) with signal 0 says other than ESRCH, and /proc, where there
 * is one, does not say that it only waits for its parent (zombie).
 */
bool da_sys_process_exists(long pid);
/** Whether thread @tid of process @pid exists. */
bool da_sys_thread_exists(long pid, long tid);
/** The calling thread's name: 16 bytes at @name16, NUL-terminated. */
long da_sys_thread_name(char *name16);
/** Whether the calling thread may read the CPU's time stamp counter (PR_GET_TSC; x86). */
bool da_sys_may_tick(void);
/** Whether the calling thread runs on its alternate signal stack. */
bool da_sys_on_signal_stack(void);

/** A set of signals, as the kernel has it: 64 of them, on MIPS 128. */
struct da_sys_signals {
	uint32_t bits[4];
};

/** Block all signals that can be blocked for the calling thread; what was blocked is kept in @old.
 */
void da_sys_block_signals(struct da_sys_signals *old);
/** Undo da_sys_block_signals(). */
void da_sys_restore_signals(const struct da_sys_signals *old);

/** Wait until *@word is no longer @expected, a wake comes, or @timeout_ms has passed. */
void da_sys_futex_wait(const uint32_t *word, uint32_t expected, uint32_t timeout_ms);
/** Wake all waiters on @word, in this and other processes. */
void da_sys_futex_wake(const uint32_t *word);

/** Nanoseconds of CLOCK_MONOTONIC, and of CLOCK_REALTIME since 1970. */
uint64_t da_sys_monotonic_ns(void);
/** @copydoc da_sys_monotonic_ns */
uint64_t da_sys_wall_ns(void);

/** socket(2), connect(2); @address is a struct sockaddr of @len bytes. */
long da_sys_socket(int family, int type);
/** @copydoc da_sys_socket */
long da_sys_connect(int fd, const void *address, unsigned len);
/** send(2) with MSG_NOSIGNAL. */
long da_sys_send(int fd, const void *buf, size_t n);
/** Wait until @fd can be written. @return 1 when it can, 0 after @timeout_ms, -errno. */
long da_sys_poll_out(int fd, int timeout_ms);

/** A file's identity, to notice that a descriptor has become somebody else's. */
struct da_sys_file_id {
	uint64_t device, inode;
	uint32_t mode; /**< st_mode: type and permissions */
};

/** Identity of what @fd is open on. */
long da_sys_file_id(int fd, struct da_sys_file_id *out);

#endif
