/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Where direct mode writes: a file or a TCP connection, with no libc call but the name look-up. */
#ifndef DA_PRELOAD_OUTPUT_H
#define DA_PRELOAD_OUTPUT_H

#include "base/sys.h"
#include "base/types.h"

/**
 * Wait at most @ms until @fd can be written, as da_sys_poll_out() does. Whoever writes may do more
 * about the wait than that.
 */
typedef long da_output_wait_fn(int fd, int ms);

/** An output. Zero-filled, then opened. */
struct da_output {
	/** high, so that the program's own numbers stay; valid when @open */
	int fd;
	bool open, is_socket;
	bool has_id;
	struct da_sys_file_id id; /**< what fd was opened on: the program may close and reuse it */
	da_output_wait_fn *wait; /**< for a reader that does not read; NULL: da_sys_poll_out() */
};

/** Create or truncate @path (0600). @return false with nothing changed. */
bool da_output_open_file(struct da_output *o, const char *path);

/**
 * Connect to @server, "HOST:PORT" or "[ADDR]:PORT". With @resolve the libc's getaddrinfo is called
 * (it allocates); without, only a numeric IPv4 address will do. Waits at most 10 s.
 */
bool da_output_connect(struct da_output *o, const char *server, bool resolve);

/**
 * Write all @n bytes. Waits at most 30 s for a reader that does not read.
 * @return false when the output has failed or is no longer ours; it is closed then (unless it
 * belongs to the program).
 */
bool da_output_write(struct da_output *o, const void *bytes, size_t n);

#endif
