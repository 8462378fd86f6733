/* SPDX-License-Identifier: GPL-3.0-or-later */
/** The listener itself: accepts, keeps a process per connection, and says what they report. */
#ifndef DA_CMD_LISTEN_LOOP_H
#define DA_CMD_LISTEN_LOOP_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <sys/socket.h>

#include "cmd/listen_stream.h"
#include "collect/address.h"
#include "collect/serve.h"

/** Most connections at once, whatever --max-clients says, and most from one address. */
#define DA_LISTEN_CLIENTS 256
#define DA_LISTEN_PER_ADDRESS 4

/** A connection, or the report that follows it. */
struct da_listen_client {
	pid_t pid; /**< of the receiver or, later, of the report; 0: the slot is free */
	int status; /**< pipe from it, -1: closed */
	bool begun, dirty, ended, reporting;
	struct sockaddr_storage peer;
	struct da_listen_status last; /**< the latest of each field */
};

/** The listener. */
struct da_listen_loop {
	const struct da_listen_options *options;
	struct da_serve serve;
	struct da_cidr *allow;
	size_t n_allow;
	bool raw; /**< one stream to standard output */
	struct da_listen_client clients[DA_LISTEN_CLIENTS];
	bool stopping; /**< no new connections; end when the last one has */
	bool failed; /**< a stream could not be stored */
	unsigned finished; /**< streams that were stored */
};

/** Serve until told to stop, or after the first stream with --once. @return the exit status. */
int da_listen_loop_run(struct da_listen_loop *l);

#endif
