/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/fmt.h"
#include "base/fstat.h"
#include "sys_arch.h"

/* Bytes of the kernel's signal set. */
#ifdef __mips__
#define SIGNALS_BYTES 16
#else
#define SIGNALS_BYTES 8
#endif

#define CALL0(nr) da_sys_call(nr, 0, 0, 0, 0, 0, 0)
#define CALL1(nr, a) da_sys_call(nr, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(nr, a, b) da_sys_call(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(nr, a, b, c) da_sys_call(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(nr, a, b, c, d) da_sys_call(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

long da_sys_open(const char *path, int flags, int mode)
{
	return CALL4(SYS_openat, AT_FDCWD, path, flags, mode);
}

long da_sys_close(int fd)
{
	return CALL1(SYS_close, fd);
}

long da_sys_read(int fd, void *buf, size_t n)
{
	long r;

	do
		r = CALL3(SYS_read, fd, buf, n);
	while (r == -EINTR);
	return r;
}

long da_sys_write(int fd, const void *buf, size_t n)
{
	return CALL3(SYS_write, fd, buf, n);
}

long da_sys_size(int fd)
{
	return CALL3(SYS_lseek, fd, 0, 2 /* SEEK_END */);
}

long da_sys_fcntl(int fd, int cmd, long arg)
{
#ifdef SYS_fcntl64
	return CALL3(SYS_fcntl64, fd, cmd, arg);
#else
	return CALL3(SYS_fcntl, fd, cmd, arg);
#endif
}

long da_sys_readlink(const char *path, char *buf, size_t size)
{
	return CALL4(SYS_readlinkat, AT_FDCWD, path, buf, size);
}

long da_sys_getcwd(char *buf, size_t size)
{
	return CALL2(SYS_getcwd, buf, size);
}

long da_sys_uname(struct da_sys_uname *out)
{
	return CALL1(SYS_uname, out);
}

static void *map(size_t n, int flags, int fd)
{
#ifdef SYS_mmap2
	long nr = SYS_mmap2;
#else
	long nr = SYS_mmap;
#endif
	long r = da_sys_call(nr, 0, (long)n, PROT_READ | PROT_WRITE, flags, fd, 0);

	return r < 0 && r > -4096 ? NULL : (void *)r;
}

void *da_sys_map(size_t n)
{
	return map(n, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

void *da_sys_map_file(int fd, size_t n)
{
	return map(n, MAP_SHARED, fd);
}

void da_sys_unmap(void *p, size_t n)
{
	CALL2(SYS_munmap, p, n);
}

long da_sys_advise(void *p, size_t n, int advice)
{
	return CALL3(SYS_madvise, p, n, advice);
}

static bool is_mapped_by_msync(uintptr_t lo, uintptr_t hi)
{
	const uintptr_t page = 4096; /* the kernel rounds lengths up; it wants starts aligned */
	const uintptr_t largest_page = 65536;

	lo &= ~(page - 1);
	/* MS_ASYNC does nothing but check the range (Linux, mm/msync.c) */
	if (CALL3(SYS_msync, lo, hi - lo, MS_ASYNC) != -EINVAL)
		return CALL3(SYS_msync, lo, hi - lo, MS_ASYNC) == 0;
	lo &= ~(largest_page - 1);
	return CALL3(SYS_msync, lo, hi - lo, MS_ASYNC) == 0;
}

/* Ask for one word each @step. */
static uintptr_t readable_until(uintptr_t lo, uintptr_t hi, uintptr_t step)
{
	for (lo &= ~(uintptr_t)3; lo < hi; lo = (lo & ~(step - 1)) + step)
		if (da_sys_compare((const uint32_t *)lo, 0) < 0)
			return lo;
	return hi;
}

uintptr_t da_sys_mapped_until(uintptr_t lo, uintptr_t hi)
{
	const uintptr_t page = 4096; /* or a part of one */
	const uintptr_t most = 2048;
	uintptr_t near = hi - lo > most * page ? lo + most * page : hi;
	uintptr_t end, step = page;

	if (da_sys_compare((const uint32_t *)(lo & ~(uintptr_t)3), 0) == -ENOSYS)
		return is_mapped_by_msync(lo, hi) ? hi : lo;
	end = readable_until(lo, near, page);
	if (end < near || near == hi)
		return end;
	while (step * most < hi - near)
		step *= 2;
	return is_mapped_by_msync(near, hi) && readable_until(near, hi, step) == hi ? hi : near;
}

bool da_sys_is_mapped(uintptr_t lo, uintptr_t hi)
{
	return da_sys_mapped_until(lo, hi) == hi;
}

long da_sys_compare(const uint32_t *at, uint32_t expected)
{
	const int op = FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG;
	long r;

	/* wakes nobody and moves nobody: what is left is the comparison (futex(2), EAGAIN) */
#ifdef SYS_futex
	r = da_sys_call(SYS_futex, (long)at, op, 0, 0, (long)at, (long)expected);
#else
	r = da_sys_call(SYS_futex_time64, (long)at, op, 0, 0, (long)at, (long)expected);
#endif
	return r == -EAGAIN ? 0 : r >= 0 ? 1 : r;
}

long da_sys_copy(long pid, void *out, uintptr_t from, size_t n)
{
	const struct {
		void *base;
		size_t len;
	} to = { out, n }, source = { (void *)from, n };

#ifdef SYS_process_vm_readv
	return da_sys_call(SYS_process_vm_readv, pid, (long)&to, 1, (long)&source, 1, 0);
#else
	(void)pid, (void)to, (void)source;
	return -ENOSYS;
#endif
}

long da_sys_seccomp(void)
{
	return CALL1(SYS_prctl, PR_GET_SECCOMP);
}

void da_sys_exit(int status)
{
	for (;;)
		CALL1(SYS_exit_group, status);
}

long da_sys_getpid(void)
{
	return CALL0(SYS_getpid);
}

long da_sys_gettid(void)
{
	return CALL0(SYS_gettid);
}

/* /proc/PID/stat: "PID (NAME) STATE ...", NAME of at most 15 bytes, any of them. */
static bool is_zombie(long pid)
{
	char text[64];
	long fd, n;

	da_fmt(text, sizeof text, "/proc/%ld/stat", pid);
	fd = da_sys_open(text, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	n = da_sys_read((int)fd, text, sizeof text);
	da_sys_close((int)fd);
	for (n -= 3; n >= 0; n--)
		if (text[n] == ')')
			return text[n + 2] == 'Z' || text[n + 2] == 'X';
	return false;
}

bool da_sys_process_exists(long pid)
{
	return CALL2(SYS_kill, pid, 0) != -ESRCH && !is_zombie(pid);
}

bool da_sys_thread_exists(long pid, long tid)
{
	return CALL3(SYS_tgkill, pid, tid, 0) != -ESRCH;
}

long da_sys_thread_name(char *name16)
{
	return CALL2(SYS_prctl, PR_GET_NAME, name16);
}

bool da_sys_may_tick(void)
{
	int mode = PR_TSC_SIGSEGV;

	return CALL2(SYS_prctl, PR_GET_TSC, &mode) == 0 && mode == PR_TSC_ENABLE;
}

bool da_sys_on_signal_stack(void)
{
	stack_t ss = { .ss_flags = 0 };

	return CALL2(SYS_sigaltstack, 0, &ss) == 0 && ss.ss_flags & SS_ONSTACK;
}

void da_sys_block_signals(struct da_sys_signals *old)
{
	const struct da_sys_signals all = { { ~0u, ~0u, ~0u, ~0u } };

	CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &all, old, SIGNALS_BYTES);
}

void da_sys_restore_signals(const struct da_sys_signals *old)
{
	CALL4(SYS_rt_sigprocmask, SIG_SETMASK, old, 0, SIGNALS_BYTES);
}

void da_sys_futex_wait(const uint32_t *word, uint32_t expected, uint32_t timeout_ms)
{
	/* the kernel's old timespec: two longs, on every CPU that has SYS_futex */
	long timeout[2] = { (long)(timeout_ms / 1000), (long)(timeout_ms % 1000) * 1000000 };

#ifdef SYS_futex
	CALL4(SYS_futex, word, FUTEX_WAIT, expected, timeout);
#else
	int64_t timeout64[2] = { timeout[0], timeout[1] };

	CALL4(SYS_futex_time64, word, FUTEX_WAIT, expected, timeout64);
#endif
}

void da_sys_futex_wake(const uint32_t *word)
{
#ifdef SYS_futex
	CALL3(SYS_futex, word, FUTEX_WAKE, 0x7fffffff);
#else
	CALL3(SYS_futex_time64, word, FUTEX_WAKE, 0x7fffffff);
#endif
}

static uint64_t clock_ns(int clock)
{
	long old[2] = { 0, 0 };

#ifdef SYS_clock_gettime64
	int64_t t[2] = { 0, 0 };

	if (CALL2(SYS_clock_gettime64, clock, t) == 0)
		return (uint64_t)t[0] * 1000000000u + (uint64_t)t[1];
#endif
#ifdef SYS_clock_gettime
	CALL2(SYS_clock_gettime, clock, old);
#endif
	return (uint64_t)old[0] * 1000000000u + (uint64_t)old[1];
}

uint64_t da_sys_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t da_sys_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

long da_sys_socket(int family, int type)
{
	return CALL3(SYS_socket, family, type, 0);
}

long da_sys_connect(int fd, const void *address, unsigned len)
{
	return CALL3(SYS_connect, fd, address, len);
}

long da_sys_send(int fd, const void *buf, size_t n)
{
	return da_sys_call(SYS_sendto, fd, (long)buf, (long)n, MSG_NOSIGNAL, 0, 0);
}

long da_sys_poll_out(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

#ifdef SYS_poll
	return CALL3(SYS_poll, &p, 1, timeout_ms);
#else
	long timeout[2] = { timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000 };

	return da_sys_call(SYS_ppoll, (long)&p, 1, (long)timeout, 0, 8, 0);
#endif
}

long da_sys_file_id(int fd, struct da_sys_file_id *out)
{
	struct statx st;
	long r = da_sys_call(SYS_statx, fd, (long)"", AT_EMPTY_PATH, STATX_BASIC_STATS, (long)&st,
			     0);

	if (r < 0)
		return da_fstat_id(fd, out);
	out->device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	out->inode = st.stx_ino;
	out->mode = st.stx_mode;
	return 0;
}
