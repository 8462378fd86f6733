/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A file's identity from kernels without statx(2): before 4.11, or behind a filter. */
#ifndef DA_BASE_FSTAT_H
#define DA_BASE_FSTAT_H

#include "base/sys.h"

/**
 * Identity of what @fd is open on, by fstat(2). Its device number is not that of statx(2): compare
 * it with what this function gave.
 * @return 0, or -errno with @out unchanged.
 */
long da_fstat_id(int fd, struct da_sys_file_id *out);

#endif
