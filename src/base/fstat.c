/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fstat.h"

/*
 * The kernel's struct, which is not the libc's everywhere: apart from headers that have that one.
 */
#include <asm/stat.h>
#include <errno.h>
#include <sys/syscall.h>

#include "sys_arch.h"

long da_fstat_id(int fd, struct da_sys_file_id *out)
{
#if defined(SYS_fstat64) || defined(SYS_fstat)
#ifdef SYS_fstat64
	struct stat64 st;
	long r = da_sys_call(SYS_fstat64, fd, (long)&st, 0, 0, 0, 0);
#else
	struct stat st;
	long r = da_sys_call(SYS_fstat, fd, (long)&st, 0, 0, 0, 0);
#endif

	if (r < 0)
		return r;
	out->device = st.st_dev;
	out->inode = st.st_ino;
	out->mode = st.st_mode;
	return 0;
#else
	(void)fd, (void)out;
	return -ENOSYS; /* machines younger than statx */
#endif
}
