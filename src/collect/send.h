/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The sending end of a one-way TCP stream. */
#ifndef DA_COLLECT_SEND_H
#define DA_COLLECT_SEND_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/**
 * Connect to "host:port" or "[addr]:port", trying each address the name has.
 * @timeout_ms: for each address. The socket is close-on-exec and blocking; a send that makes no
 * progress for a minute fails.
 */
bool da_send_connect(const char *address, unsigned timeout_ms, int *fd_out, struct da_err *err);

/** Send all of @n bytes, without SIGPIPE. */
bool da_send_all(int fd, const void *bytes, size_t n, struct da_err *err);

/**
 * End the stream: says so to the peer, waits up to @timeout_ms until it has taken everything (it
 * closes its end, or the kernel's queue is empty), and closes @fd.
 */
void da_send_close(int fd, unsigned timeout_ms);

#endif
