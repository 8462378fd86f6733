/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * One connection of listen, in processes of its own: the receiver checks and stores blocks, the
 * viewer behind a pipe replays them for the live totals. Whatever the bytes do to the viewer, the
 * stream is stored; whatever they do to the receiver, other streams go on.
 */
#ifndef DA_CMD_LISTEN_STREAM_H
#define DA_CMD_LISTEN_STREAM_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <signal.h>

#include "base/err.h"
#include "base/types.h"

/** What the user asked for. */
struct da_listen_options {
	const char *address; /**< NULL: loopback */
	const char *output; /**< pattern, NULL: default */
	const char *rootfs; /**< NULL: no Callgrind files */
	bool once;
	int live; /**< enum da_listen_live */
	bool has_live; /**< it was said */
	const char **allow; /**< n_allow blocks, as text */
	size_t n_allow;
	uint64_t max_clients;
	uint64_t max_file; /**< bytes per stream */
};

enum da_listen_live {
	DA_LISTEN_LINE, /**< a line per second */
	DA_LISTEN_NONE,
};

/** What a connection's processes tell the listener. */
enum da_listen_kind {
	DA_LISTEN_BEGIN = 1, /**< name, pid, path */
	DA_LISTEN_TOTALS, /**< the numbers */
	DA_LISTEN_END, /**< end, bytes, text */
};

/** Most bytes of a stored stream's path in a status. */
#define DA_LISTEN_PATH 2048

/** One message; shorter than PIPE_BUF, so that it comes in one piece. */
struct da_listen_status {
	uint32_t kind; /**< enum da_listen_kind */
	uint32_t pid;
	uint32_t end; /**< enum da_receive_end */
	uint64_t heap_bytes, peak_bytes, allocs, frees;
	uint64_t bytes; /**< of the stream so far */
	char name[72]; /**< program, made safe */
	char text[256]; /**< why it ended so */
	char path[DA_LISTEN_PATH]; /**< where it is stored */
};

/** What a connection's process needs. */
struct da_listen_stream {
	const struct da_listen_options *options;
	int socket;
	int status; /**< pipe to the listener */
	bool raw; /**< to standard output */
	bool view; /**< live totals are wanted */
	sigset_t mask; /**< for the waits */
};

/** Run in the connection's process; never returns. SIGTERM and SIGINT are blocked and stop it. */
void da_listen_stream_run(struct da_listen_stream *s) __attribute__((noreturn));

#endif
