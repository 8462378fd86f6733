/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/listen_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/message.h"
#include "cmd/quantity.h"
#include "cmd/report.h"
#include "collect/receive.h"

#define STATUS_FAILED 1
#define SUFFIX ".dalloc"
#define TICK_NS INT64_C(1000000000)
/* Address space of a report: a few KB from the network can claim any number of live blocks. */
#define REPORT_BYTES ((rlim_t)2 << 30)

static volatile sig_atomic_t stop_signals;

static void on_signal(int sig)
{
	if (sig != SIGCHLD)
		stop_signals++;
}

/* Handled only inside ppoll(), with the mask in @open_mask. */
static void catch_signals(sigset_t *open_mask)
{
	struct sigaction sa = { .sa_handler = on_signal }, ign = { .sa_handler = SIG_IGN };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, open_mask);
	sigdelset(open_mask, SIGINT);
	sigdelset(open_mask, SIGTERM);
	sigdelset(open_mask, SIGCHLD);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGPIPE, &ign, NULL);
}

static const char *peer_name(const struct da_listen_client *c, char buf[DA_ADDRESS_TEXT])
{
	return da_address_format((const struct sockaddr *)&c->peer, sizeof c->peer, buf);
}

/* ---- connections */

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
			       &((const struct sockaddr_in6 *)b)->sin6_addr, 16);
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
	       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

/* A free slot for a connection from @peer; NULL: turned away, and said so. */
static struct da_listen_client *admit(struct da_listen_loop *l, const struct sockaddr_storage *peer)
{
	struct da_listen_client *slot = NULL, probe = { .peer = *peer };
	char name[DA_ADDRESS_TEXT];
	size_t all = 0, from_there = 0;

	peer_name(&probe, name);
	if (!da_cidr_holds(l->allow, l->n_allow, (const struct sockaddr *)peer)) {
		da_message_error("%s turned away: its address is not among those of --allow", name);
		return NULL;
	}
	for (size_t i = 0; i < DA_LISTEN_CLIENTS; i++) {
		struct da_listen_client *c = &l->clients[i];

		if (!c->pid)
			slot = slot ? slot : c;
		else if (!c->reporting)
			all++, from_there += same_host(&c->peer, peer);
	}
	if (slot && all < l->options->max_clients &&
	    (from_there < DA_LISTEN_PER_ADDRESS || l->options->max_clients > 16))
		return slot;
	da_message_error("%s turned away: %zu connections are open%s", name, all,
			 all < l->options->max_clients ? " from there" : " (--max-clients)");
	return NULL;
}

static void run_stream(struct da_listen_loop *l, int socket, int status, const sigset_t *mask)
{
	struct da_listen_stream s = {
		.options = l->options,
		.socket = socket,
		.status = status,
		.raw = l->raw,
		.view = l->options->live != DA_LISTEN_NONE,
		.mask = *mask,
	};

	for (size_t i = 0; i < DA_LISTEN_CLIENTS; i++) {
		if (l->clients[i].pid && l->clients[i].status >= 0)
			close(l->clients[i].status);
	}
	da_serve_close(&l->serve);
	da_listen_stream_run(&s);
}

static void take_connection(struct da_listen_loop *l, int fd, const sigset_t *mask)
{
	struct sockaddr_storage peer;
	struct da_listen_client *c;
	char name[DA_ADDRESS_TEXT];
	int socket = da_serve_accept(&l->serve, fd, &peer), fds[2];

	if (socket < 0)
		return;
	c = admit(l, &peer);
	if (!c || pipe2(fds, O_CLOEXEC)) {
		close(socket);
		return;
	}
	*c = (struct da_listen_client){ .peer = peer, .status = fds[0] };
	da_message_detail("a connection from %s", peer_name(c, name));
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	c->pid = fork();
	if (c->pid == 0)
		run_stream(l, socket, fds[1], mask);
	close(fds[1]);
	close(socket);
	if (c->pid < 0) {
		da_message_error("cannot start a process for a connection: %s", strerror(errno));
		close(fds[0]);
		c->pid = 0;
	}
}

/* ---- what they say */

static void take_status(struct da_listen_client *c, struct da_listen_status *s)
{
	char peer[DA_ADDRESS_TEXT];

	s->name[sizeof s->name - 1] = s->text[sizeof s->text - 1] = s->path[sizeof s->path - 1] = 0;
	switch (s->kind) {
	case DA_LISTEN_BEGIN:
		c->begun = true;
		c->last = *s;
		da_message_note("%s.%u begins, from %s, into %s", s->name, s->pid,
				peer_name(c, peer), s->path);
		break;
	case DA_LISTEN_TOTALS:
		c->dirty = true;
		c->last.heap_bytes = s->heap_bytes;
		c->last.peak_bytes = s->peak_bytes;
		c->last.allocs = s->allocs;
		c->last.frees = s->frees;
		c->last.bytes = s->bytes;
		break;
	case DA_LISTEN_END:
		c->ended = true;
		c->last.end = s->end;
		c->last.bytes = s->bytes;
		memcpy(c->last.text, s->text, sizeof s->text);
		break;
	default: break;
	}
}

static void read_statuses(struct da_listen_client *c)
{
	struct da_listen_status s;
	ssize_t n;

	while ((n = read(c->status, &s, sizeof s)) == (ssize_t)sizeof s)
		take_status(c, &s);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(c->status);
	c->status = -1;
}

/* The plain line of live totals. */
static void print_line(const struct da_listen_loop *l, struct da_listen_client *c)
{
	char heap[DA_QUANTITY_TEXT], peak[DA_QUANTITY_TEXT], got[DA_QUANTITY_TEXT], at[16];
	time_t now = time(NULL);
	struct tm tm;

	c->dirty = false;
	localtime_r(&now, &tm);
	strftime(at, sizeof at, "%H:%M:%S", &tm);
	fprintf(l->raw ? stderr : stdout,
		"%s %s.%u  heap %s  peak %s  allocs %llu  frees %llu  received %s\n", at,
		c->last.name, c->last.pid, da_quantity_format_size(heap, c->last.heap_bytes),
		da_quantity_format_size(peak, c->last.peak_bytes),
		(unsigned long long)c->last.allocs, (unsigned long long)c->last.frees,
		da_quantity_format_size(got, c->last.bytes));
}

static void print_lines(struct da_listen_loop *l)
{
	for (size_t i = 0; i < DA_LISTEN_CLIENTS; i++) {
		if (l->clients[i].pid && l->clients[i].begun && l->clients[i].dirty)
			print_line(l, &l->clients[i]);
	}
	fflush(stdout);
}

static void say_end(struct da_listen_loop *l, struct da_listen_client *c)
{
	char size[DA_QUANTITY_TEXT], peer[DA_ADDRESS_TEXT];
	const char *how = c->last.end == DA_RECEIVE_COMPLETE ? "ends" :
			  c->last.end == DA_RECEIVE_STOPPED  ? "is stopped" :
							       "ends early";
	const char *colon = c->last.text[0] ? ": " : "";

	da_message_detail("the connection from %s has ended", peer_name(c, peer));
	if (!c->begun) {
		if (c->last.end != DA_RECEIVE_STOPPED)
			da_message_error("%s turned away: %s", peer_name(c, peer),
					 c->ended ? c->last.text : "its process died");
		return;
	}
	if (!c->ended)
		da_message_error("%s.%u: its receiving process died; %s holds what came before",
				 c->last.name, c->last.pid, c->last.path);
	else if (c->last.end == DA_RECEIVE_REFUSED || c->last.end == DA_RECEIVE_DAMAGED)
		da_message_error("%s.%u %s%s%s; %s in %s", c->last.name, c->last.pid, how, colon,
				 c->last.text, da_quantity_format_size(size, c->last.bytes),
				 c->last.path);
	else
		da_message_note("%s.%u %s%s%s; %s in %s", c->last.name, c->last.pid, how, colon,
				c->last.text, da_quantity_format_size(size, c->last.bytes),
				c->last.path);
	l->finished++;
	l->failed |=
		!c->ended || c->last.end == DA_RECEIVE_REFUSED || c->last.end == DA_RECEIVE_DAMAGED;
}

/* ---- the end of a stream */

/* PATH.dalloc becomes PATH.callgrind. */
static void callgrind_path(const char *stored, char *out, size_t size)
{
	size_t n = strlen(stored), tail = strlen(SUFFIX);

	if (n > tail && !strcmp(stored + n - tail, SUFFIX))
		n -= tail;
	snprintf(out, size, "callgrind:%.*s.callgrind", (int)n, stored);
}

static void run_report(struct da_listen_loop *l, const char *stored)
{
	char format[DA_LISTEN_PATH + 32], rootfs[] = "--rootfs", name[] = "report";
	char quiet[] = "--quiet", format_name[] = "--format";
	char *argv[] = { name,        quiet,  rootfs,         (char *)l->options->rootfs,
			 format_name, format, (char *)stored, NULL };
	struct sigaction dfl = { .sa_handler = SIG_DFL }, ign = { .sa_handler = SIG_IGN };
	struct rlimit bytes = { REPORT_BYTES, REPORT_BYTES };
	sigset_t none;
	int status;

	da_serve_close(&l->serve);
	setrlimit(RLIMIT_AS, &bytes);
	callgrind_path(stored, format, sizeof format);
	/* the terminal's Ctrl-C asks for this file, so it must not end the writing of it */
	sigaction(SIGINT, &ign, NULL);
	sigaction(SIGTERM, &dfl, NULL);
	sigaction(SIGCHLD, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	status = da_command_report.run(&da_command_report, (int)(sizeof argv / sizeof *argv) - 1,
				       argv);
	fflush(stdout);
	_exit(status);
}

/* The slot's connection is over: report on it, or free the slot. */
static void finish_client(struct da_listen_loop *l, struct da_listen_client *c, bool report_is_good)
{
	char path[DA_LISTEN_PATH + 32];

	if (c->reporting) {
		callgrind_path(c->last.path, path, sizeof path);
		if (report_is_good)
			da_message_note("wrote %s", strchr(path, ':') + 1);
		else
			da_message_error("%s was not written; the recording is %s",
					 strchr(path, ':') + 1, c->last.path);
		c->pid = 0;
		return;
	}
	if (c->begun && c->dirty && l->options->live == DA_LISTEN_LINE) {
		print_line(l, c);
		fflush(stdout);
	}
	say_end(l, c);
	if (l->options->once && c->begun)
		l->stopping = true;
	c->pid = 0;
	if (!c->begun || !l->options->rootfs)
		return;
	c->reporting = true;
	c->pid = fork();
	if (c->pid == 0)
		run_report(l, c->last.path);
	if (c->pid < 0)
		c->pid = 0;
}

static void reap(struct da_listen_loop *l)
{
	for (size_t i = 0; i < DA_LISTEN_CLIENTS; i++) {
		struct da_listen_client *c = &l->clients[i];
		bool good;
		int status;

		/* a closed pipe means that all its processes have ended, or are about to */
		if (!c->pid || c->status >= 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
			continue;
		good = WIFEXITED(status) && WEXITSTATUS(status) != 1;
		l->failed |= c->reporting && !good;
		finish_client(l, c, good);
	}
}

static void ask_to_stop(struct da_listen_loop *l)
{
	l->stopping = true;
	for (size_t i = 0; i < DA_LISTEN_CLIENTS; i++) {
		if (l->clients[i].pid && !l->clients[i].reporting)
			kill(l->clients[i].pid, stop_signals > 1 ? SIGKILL : SIGTERM);
	}
}

/* ---- the loop */

struct polled {
	struct pollfd fds[DA_SERVE_MAX + DA_LISTEN_CLIENTS];
	struct da_listen_client *clients[DA_SERVE_MAX + DA_LISTEN_CLIENTS];
	size_t n;
	bool busy; /* connections or reports exist */
};

static void gather(struct da_listen_loop *l, struct polled *p)
{
	p->n = 0;
	p->busy = false;
	for (size_t i = 0; i < l->serve.n && !l->stopping; i++) {
		p->fds[p->n] = (struct pollfd){ .fd = l->serve.fds[i], .events = POLLIN };
		p->clients[p->n++] = NULL;
	}
	for (size_t i = 0; i < DA_LISTEN_CLIENTS; i++) {
		if (!l->clients[i].pid)
			continue;
		p->busy = true;
		if (l->clients[i].status < 0)
			continue;
		p->fds[p->n] = (struct pollfd){ .fd = l->clients[i].status, .events = POLLIN };
		p->clients[p->n++] = &l->clients[i];
	}
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * TICK_NS + ts.tv_nsec;
}

/* One round of waiting and serving. @return false when all is done. */
static bool serve_once(struct da_listen_loop *l, struct polled *p, const sigset_t *mask)
{
	/* a second: lines are due, and a process may have ended just before the wait */
	struct timespec second = { .tv_sec = 1 };

	gather(l, p);
	if (l->stopping && !p->busy)
		return false;
	if (ppoll(p->fds, p->n, &second, mask) > 0) {
		for (size_t i = 0; i < p->n; i++) {
			if (!p->fds[i].revents)
				continue;
			if (p->clients[i])
				read_statuses(p->clients[i]);
			else
				take_connection(l, p->fds[i].fd, mask);
		}
	}
	return true;
}

int da_listen_loop_run(struct da_listen_loop *l)
{
	static struct polled p;
	int64_t lines_ns = now_ns();
	int asked = 0;
	sigset_t mask;

	catch_signals(&mask);
	while (serve_once(l, &p, &mask)) {
		reap(l);
		if (stop_signals != asked) {
			asked = stop_signals;
			ask_to_stop(l);
		}
		if (l->options->live == DA_LISTEN_LINE && now_ns() - lines_ns >= TICK_NS) {
			lines_ns = now_ns();
			print_lines(l);
		}
		if (l->stopping && l->serve.n)
			da_serve_close(&l->serve);
	}
	return l->failed ? STATUS_FAILED : 0;
}
