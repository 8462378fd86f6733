/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The one thing that has no portable name: what the kernel calls this CPU's ABI. */
#if defined __x86_64__ && defined __LP64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef NATIVE_ARCH

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define PERMIT(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), ALLOW

/* The third argument of mmap() and mprotect(): no page may be executable. All CPUs above are 64-bit
 * little-endian here, so the low half comes first. */
#define PERMIT_UNLESS_EXEC(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 4), LOAD(args[2]), \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), REFUSE, ALLOW

static const struct sock_filter filter[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
	KILL,
	LOAD(nr),
	PERMIT(__NR_pread64),
	PERMIT(__NR_read),
	PERMIT(__NR_write),
	PERMIT(__NR_lseek),
	PERMIT(__NR_brk),
	PERMIT(__NR_munmap),
	PERMIT(__NR_mremap),
	PERMIT(__NR_madvise),
	PERMIT(__NR_close),
	PERMIT(__NR_exit),
	PERMIT(__NR_exit_group),
	PERMIT(__NR_rt_sigreturn),
	PERMIT(__NR_futex),
	PERMIT(__NR_clock_gettime),
	PERMIT(__NR_getrandom),
	/* Sanitizers, when we are built with them. */
	PERMIT(__NR_sigaltstack),
	PERMIT(__NR_gettid),
	PERMIT(__NR_getpid),
	/* libelf asks whether the descriptor is open, and for the file's size; glibc's fstat() is
	 * newfstatat() with an empty name, which cannot be checked here: names can be looked up,
	 * nothing can be opened. */
	PERMIT(__NR_fcntl),
	PERMIT(__NR_fstat),
	PERMIT(__NR_newfstatat),
	PERMIT_UNLESS_EXEC(__NR_mmap),
	PERMIT_UNLESS_EXEC(__NR_mprotect),
	REFUSE,
};

bool da_seccomp_install(void)
{
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)filter,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

bool da_seccomp_install(void)
{
	return false;
}

#endif
