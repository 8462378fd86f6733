/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Listening sockets, and accepting that survives a full table of descriptors. */
#ifndef DA_COLLECT_SERVE_H
#define DA_COLLECT_SERVE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <sys/socket.h>

#include "base/err.h"
#include "base/types.h"
#include "collect/address.h"

/** Most sockets of one listener: a name may have several addresses. */
#define DA_SERVE_MAX 8

/** Open listening sockets; all are non-blocking and close-on-exec. */
struct da_serve {
	int fds[DA_SERVE_MAX];
	size_t n;
	int reserve; /**< given up for a moment when there is no descriptor for a connection */
};

/**
 * Listen on the address in @text: "addr:port", "[addr]:port", ":port" or "port" (all addresses).
 * NULL: loopback only, at @default_port. Errors say so when the port is in use.
 */
bool da_serve_open(struct da_serve *s, const char *text, const char *default_port,
		   struct da_err *err);

/** Close all. */
void da_serve_close(struct da_serve *s);

/** Write "127.0.0.1:7000, [::1]:7000" into @buf. */
void da_serve_describe(const struct da_serve *s, char *buf, size_t size);

/**
 * Accept from listening socket @fd; @peer_out gets the peer's address.
 * @return the connection (blocking, close-on-exec), or -1: none there, or it had to be turned away.
 */
int da_serve_accept(struct da_serve *s, int fd, struct sockaddr_storage *peer_out);

#endif
