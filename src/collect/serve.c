/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 16

/* @return 0 and a socket, or an errno. */
static int open_one(const struct addrinfo *a, int *fd_out)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, e;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* so that 0.0.0.0 and [::] can stand side by side */
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG)) {
		e = errno;
		close(fd);
		return e;
	}
	*fd_out = fd;
	return 0;
}

/* With port 0 the first socket chooses, and the others follow. */
static void use_port_of(int fd, struct addrinfo *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	in_port_t port;

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return;
	/* the port stands at the same place in both (netinet/in.h, POSIX does not say so) */
	port = ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port :
					  ((struct sockaddr_in *)&ss)->sin_port;
	if (a->ai_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_port = port;
	else if (a->ai_family == AF_INET)
		((struct sockaddr_in *)(void *)a->ai_addr)->sin_port = port;
}

static bool explain(const char *text, const char *port, int e, struct da_err *err)
{
	if (e == EADDRINUSE)
		return da_err_set(err, "cannot listen on port %s: it is in use by another program",
				  port);
	if (e == EACCES)
		return da_err_set(err, "cannot listen on port %s: ports below 1024 need privilege",
				  port);
	return da_err_set(err, "cannot listen on %s: %s", text, strerror(e));
}

static bool open_all(struct da_serve *s, struct addrinfo *list, const char *text, const char *port,
		     struct da_err *err)
{
	int failed = 0;

	for (struct addrinfo *a = list; a && s->n < DA_SERVE_MAX; a = a->ai_next) {
		int e;

		if (s->n)
			use_port_of(s->fds[0], a);
		e = open_one(a, &s->fds[s->n]);
		s->n += !e;
		/* a kernel or an interface without IPv6 is no reason to fail */
		if (e && e != EAFNOSUPPORT && e != EADDRNOTAVAIL)
			failed = e;
		else if (e && !s->n && !a->ai_next)
			failed = e;
	}
	if (!failed && s->n)
		return true;
	da_serve_close(s);
	return explain(text, port, failed ? failed : EADDRNOTAVAIL, err);
}

bool da_serve_open(struct da_serve *s, const char *text, const char *default_port,
		   struct da_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	struct da_address a = { .host = "" };
	bool ok;
	int e;

	s->n = 0;
	s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!text)
		strcpy(a.service, default_port);
	else if (!da_address_split(text, true, &a, err))
		return da_err_prefix(err, "cannot listen");
	if (text && !a.host[0])
		hints.ai_flags = AI_PASSIVE;
	e = getaddrinfo(a.host[0] ? a.host : NULL, a.service, &hints, &list);
	if (e == EAI_SERVICE)
		return da_err_set(err, "cannot listen on %s: '%s' is no port; give [ADDR]:PORT",
				  text, a.service);
	if (e)
		return da_err_set(err, "cannot listen on %s: cannot resolve it: %s", text,
				  gai_strerror(e));
	ok = open_all(s, list, text ? text : default_port, a.service, err);
	freeaddrinfo(list);
	return ok;
}

void da_serve_close(struct da_serve *s)
{
	for (size_t i = 0; i < s->n; i++)
		close(s->fds[i]);
	s->n = 0;
	if (s->reserve >= 0)
		close(s->reserve);
	s->reserve = -1;
}

void da_serve_describe(const struct da_serve *s, char *buf, size_t size)
{
	char one[DA_ADDRESS_TEXT];
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < s->n && n < size; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof ss;

		if (getsockname(s->fds[i], (struct sockaddr *)&ss, &len))
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
				      da_address_format((struct sockaddr *)&ss, len, one));
	}
}

int da_serve_accept(struct da_serve *s, int fd, struct sockaddr_storage *peer_out)
{
	socklen_t len = sizeof *peer_out;
	int one = 1, c = accept4(fd, (struct sockaddr *)peer_out, &len, SOCK_CLOEXEC);

	if (c < 0 && (errno == EMFILE || errno == ENFILE) && s->reserve >= 0) {
		/* otherwise it would stay in the queue and poll() would return at once for ever */
		close(s->reserve);
		c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (c >= 0)
			close(c);
		s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return -1;
	}
	if (c >= 0)
		setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	return c;
}
