/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/output.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "preload/shim.h"

#define CONNECT_MS 10000
#define STALL_MS 30000
#define HOST_BYTES 256

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef void freeaddrinfo_fn(struct addrinfo *);

/* Move @fd out of the way of the program's own descriptors. */
static void settle(struct da_output *o, int fd)
{
	static const int lowest[] = { 1000, 200, 50 };

	o->fd = fd;
	for (size_t i = 0; i < sizeof lowest / sizeof *lowest; i++) {
		long high = da_sys_fcntl(fd, F_DUPFD_CLOEXEC, lowest[i]);

		if (high >= 0) {
			da_sys_close(fd);
			o->fd = (int)high;
			break;
		}
	}
	o->open = true;
	o->has_id = da_sys_file_id(o->fd, &o->id) == 0;
}

bool da_output_open_file(struct da_output *o, const char *path)
{
	const int flags =
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_LARGEFILE;
	long fd = da_sys_open(path, flags, 0600);

	if (fd < 0)
		return false;
	settle(o, (int)fd);
	return true;
}

static bool parse_number(const char **s, unsigned max, unsigned *out)
{
	unsigned v = 0;
	const char *c = *s;

	for (; *c >= '0' && *c <= '9' && v <= max; c++)
		v = v * 10 + (unsigned)(*c - '0');
	if (c == *s || v > max)
		return false;
	*s = c;
	*out = v;
	return true;
}

static bool parse_ipv4(const char *s, struct sockaddr_in *out)
{
	uint8_t *bytes = (uint8_t *)&out->sin_addr;
	unsigned v;

	*out = (struct sockaddr_in){ .sin_family = AF_INET };
	for (int i = 0; i < 4; i++) {
		if (!parse_number(&s, 255, &v) || *s++ != (i < 3 ? '.' : ':'))
			return false;
		bytes[i] = (uint8_t)v;
	}
	if (!parse_number(&s, 65535, &v) || *s)
		return false;
	bytes = (uint8_t *)&out->sin_port;
	bytes[0] = (uint8_t)(v >> 8);
	bytes[1] = (uint8_t)v;
	return true;
}

static bool connect_to(struct da_output *o, const struct sockaddr *address, unsigned len)
{
	long fd = da_sys_socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
	long r;

	if (fd < 0)
		return false;
	r = da_sys_connect((int)fd, address, len);
	if (r == -EINPROGRESS && da_sys_poll_out((int)fd, CONNECT_MS) == 1) {
		r = da_sys_connect((int)fd, address, len); /* tells how the first one ended */
		if (r == -EISCONN)
			r = 0;
	}
	if (r < 0) {
		da_sys_close((int)fd);
		return false;
	}
	settle(o, (int)fd);
	o->is_socket = true;
	return true;
}

/* "[ADDR]:PORT" or "HOST:PORT" to two texts. */
static bool split_server(const char *server, char *host, const char **port)
{
	size_t n = da_text_length(server, HOST_BYTES);
	size_t colon = n;

	while (colon && server[colon - 1] != ':')
		colon--;
	if (colon < 2 || n == HOST_BYTES)
		return false;
	*port = server + colon;
	n = colon - 1;
	if (server[0] == '[' && server[n - 1] == ']') {
		server++;
		n -= 2;
	}
	da_copy(host, server, n);
	host[n] = '\0';
	return n;
}

static bool resolve_and_connect(struct da_output *o, const char *server)
{
	static char host[HOST_BYTES];
	const char *port;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	getaddrinfo_fn *look_up =
		(getaddrinfo_fn *)da_linkmap_find(&da_shim.linkmap, "getaddrinfo");
	freeaddrinfo_fn *release =
		(freeaddrinfo_fn *)da_linkmap_find(&da_shim.linkmap, "freeaddrinfo");

	if (!look_up || !release || !split_server(server, host, &port) ||
	    look_up(host, port, &hints, &list))
		return false;
	for (const struct addrinfo *a = list; a && !o->open; a = a->ai_next)
		connect_to(o, a->ai_addr, a->ai_addrlen);
	release(list);
	return o->open;
}

bool da_output_connect(struct da_output *o, const char *server, bool resolve)
{
	struct sockaddr_in address;

	if (parse_ipv4(server, &address))
		return connect_to(o, (const struct sockaddr *)&address, sizeof address);
	return resolve && resolve_and_connect(o, server);
}

/* Whether fd still is what was opened: the program may have closed it and opened its own. */
static bool is_ours(const struct da_output *o)
{
	struct da_sys_file_id now;

	if (!o->has_id)
		return true;
	return da_sys_file_id(o->fd, &now) == 0 && now.device == o->id.device &&
	       now.inode == o->id.inode;
}

/* Signals do not end the wait, nor make it longer. */
static bool wait_for_reader(const struct da_output *o)
{
	const uint64_t end = da_sys_monotonic_ns() + STALL_MS * UINT64_C(1000000);
	da_output_wait_fn *wait = o->wait ? o->wait : da_sys_poll_out;
	uint64_t now;

	while ((now = da_sys_monotonic_ns()) < end) {
		long r = wait(o->fd, (int)((end - now) / 1000000u) + 1);

		if (r != -EINTR)
			return r == 1;
	}
	return false;
}

bool da_output_write(struct da_output *o, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	if (!o->open)
		return false;
	if (!is_ours(o)) {
		o->open = false;
		return false;
	}
	while (n) {
		long r = o->is_socket ? da_sys_send(o->fd, p, n) : da_sys_write(o->fd, p, n);

		if (r > 0) {
			p += r;
			n -= (size_t)r;
		} else if (r == -EAGAIN ? !wait_for_reader(o) : r != -EINTR) {
			da_sys_close(o->fd);
			o->open = false;
			return false;
		}
	}
	return true;
}
