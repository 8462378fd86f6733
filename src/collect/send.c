/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/send.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collect/address.h"

#define STALL_SECONDS 60
#define QUEUE_POLL_MS 20

/* Finish a connect() in progress. @return 0 or an errno. */
static int finish_connect(int fd, unsigned timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int e = 0, n;
	socklen_t len = sizeof e;

	do
		n = poll(&p, 1, (int)timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len))
		return errno;
	return e;
}

static void tune(int fd)
{
	struct timeval stall = { .tv_sec = STALL_SECONDS };
	int one = 1;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* @return 0 and a socket, or an errno. */
static int connect_one(const struct addrinfo *a, unsigned timeout_ms, int *fd_out)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int e = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen))
		e = errno == EINPROGRESS ? finish_connect(fd, timeout_ms) : errno;
	if (e) {
		close(fd);
		return e;
	}
	tune(fd);
	*fd_out = fd;
	return 0;
}

static bool explain(const char *address, int e, unsigned timeout_ms, struct da_err *err)
{
	switch (e) {
	case ECONNREFUSED:
		return da_err_set(err,
				  "cannot connect to %s: connection refused; is 'dumpalloc "
				  "listen' running there?",
				  address);
	case ETIMEDOUT:
		return da_err_set(err, "cannot connect to %s: no answer within %u s", address,
				  (timeout_ms + 999) / 1000);
	default: return da_err_set(err, "cannot connect to %s: %s", address, strerror(e));
	}
}

bool da_send_connect(const char *address, unsigned timeout_ms, int *fd_out, struct da_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	struct da_address split;
	int e;

	if (!da_address_split(address, false, &split, err))
		return da_err_prefix(err, "cannot connect");
	e = getaddrinfo(split.host[0] ? split.host : NULL, split.service, &hints, &list);
	if (e)
		return da_err_set(err, "cannot resolve %s: %s",
				  e == EAI_SERVICE ? split.service : split.host,
				  e == EAI_SYSTEM ? strerror(errno) : gai_strerror(e));
	e = EHOSTUNREACH;
	for (struct addrinfo *a = list; a && e; a = a->ai_next)
		e = connect_one(a, timeout_ms, fd_out);
	freeaddrinfo(list);
	return !e || explain(address, e, timeout_ms, err);
}

bool da_send_all(int fd, const void *bytes, size_t n, struct da_err *err)
{
	const char *p = bytes;

	while (n) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return da_err_set(err, "cannot send: %s",
					  errno == EAGAIN ? "the receiver takes nothing any more" :
							    strerror(errno));
		p += done;
		n -= (size_t)done;
	}
	return true;
}

void da_send_close(int fd, unsigned timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char sink[256];
	int queued = 1;

	shutdown(fd, SHUT_WR);
	for (unsigned waited = 0; waited < timeout_ms; waited += QUEUE_POLL_MS) {
		if (ioctl(fd, SIOCOUTQ, &queued) || !queued)
			break;
		if (poll(&p, 1, QUEUE_POLL_MS) > 0 &&
		    recv(fd, sink, sizeof sink, MSG_DONTWAIT) <= 0)
			break;
	}
	close(fd);
}
