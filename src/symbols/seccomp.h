/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The system calls a worker keeps: memory, reading and writing open descriptors, ending. */
#ifndef DA_SYMBOLS_SECCOMP_H
#define DA_SYMBOLS_SECCOMP_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stdbool.h>

/**
 * Restrict the calling process for good; PR_SET_NO_NEW_PRIVS must be set. Other system calls fail
 * with EPERM, other ABIs' system calls and executable mappings included.
 * @return false if this kernel or CPU has no filters; nothing is restricted then.
 */
bool da_seccomp_install(void);

#endif
