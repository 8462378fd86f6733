/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/block.h"
#include "codec/header.h"
#include "base/crc32.h"
#include "collect/address.h"
#include "collect/pattern.h"
#include "collect/receive.h"
#include "collect/send.h"
#include "collect/serve.h"

static struct da_err err;

START_TEST(addresses_are_split)
{
	struct da_address a;

	ck_assert(da_address_split("pc.example:7000", false, &a, &err));
	ck_assert_str_eq(a.host, "pc.example");
	ck_assert_str_eq(a.service, "7000");
	ck_assert(da_address_split("[fe80::1%eth0]:1", false, &a, &err));
	ck_assert_str_eq(a.host, "fe80::1%eth0");
	ck_assert(da_address_split(":7000", true, &a, &err));
	ck_assert_str_eq(a.host, "");
	ck_assert(da_address_split("7000", true, &a, &err));
	ck_assert_str_eq(a.service, "7000");
	ck_assert(da_address_split("0", true, &a, &err));
}
END_TEST

START_TEST(wrong_addresses_are_refused_with_the_text_given)
{
	static const char *const bad[] = { "pc", "", "pc:", "pc:0", "pc:65536", "pc:70x", "::1:7000",
					   "[::1", "[::1]", "[::1]7000" };
	struct da_address a;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!da_address_split(bad[i], false, &a, &err), "%s", bad[i]);
}
END_TEST

static bool allowed(const char *block, const char *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct da_cidr c;

	ck_assert_msg(da_cidr_parse(block, &c, &err), "%s", err.text);
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return da_cidr_holds(&c, 1, (struct sockaddr *)&v4);
	ck_assert_int_eq(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	return da_cidr_holds(&c, 1, (struct sockaddr *)&v6);
}

START_TEST(blocks_hold_their_addresses_and_no_others)
{
	ck_assert(allowed("10.0.0.0/8", "10.255.255.255"));
	ck_assert(!allowed("10.0.0.0/8", "11.0.0.0"));
	ck_assert(allowed("172.16.0.0/12", "172.31.9.9"));
	ck_assert(!allowed("172.16.0.0/12", "172.32.0.1"));
	ck_assert(allowed("192.168.1.7", "192.168.1.7"));
	ck_assert(!allowed("192.168.1.7", "192.168.1.8"));
	ck_assert(allowed("0.0.0.0/0", "8.8.8.8"));
	ck_assert(!allowed("0.0.0.0/0", "2001:db8::1"));
	ck_assert(allowed("fe80::/10", "febf::1"));
	ck_assert(!allowed("fe80::/10", "fec0::1"));
	/* an IPv4 peer on an IPv6 socket */
	ck_assert(allowed("10.0.0.0/8", "::ffff:10.1.2.3"));
	for (size_t i = 0; i < DA_CIDR_LOCAL_COUNT; i++)
		ck_assert(!allowed(da_cidr_local[i], "8.8.8.8"));
}
END_TEST

START_TEST(wrong_blocks_are_refused)
{
	static const char *const bad[] = { "", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",
					   "10.0.0.1/8", "fe80::/129", "host/8", "10.0.0.0/8x" };
	struct da_cidr c;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!da_cidr_parse(bad[i], &c, &err), "%s", bad[i]);
}
END_TEST

static const char *expand(const char *pattern, const char *program, const char *host)
{
	static char out[256];
	struct da_pattern_values v = { .pid = 12, .program = program, .program_len = strlen(program),
				       .host = host, .host_len = strlen(host),
				       .wall_ns = UINT64_C(1763829000000000000) };

	if (!da_pattern_expand(pattern, &v, out, sizeof out, &err))
		return NULL;
	return out;
}

START_TEST(patterns_expand)
{
	ck_assert_str_eq(expand(DA_PATTERN_DEFAULT, "/usr/bin/prog", "dev"), "prog.12.dalloc");
	ck_assert_str_eq(expand("d/%h-%t%%", "x", "dev"), "d/dev-20251122T163000Z%");
	ck_assert_ptr_null(expand("%x", "x", ""));
	ck_assert_ptr_null(expand("50%", "x", ""));
	ck_assert_ptr_null(expand("", "x", ""));
}
END_TEST

START_TEST(names_from_a_peer_cannot_leave_the_folder_or_the_terminal)
{
	ck_assert_str_eq(expand("%e", "/a/../..", "h"), "_.");
	ck_assert_str_eq(expand("%e", "..", "h"), "_.");
	ck_assert_str_eq(expand("%e", "-rf", "h"), "_rf");
	ck_assert_str_eq(expand("%e", "a\033[2J\nb c", "h"), "a__2J_b_c");
	ck_assert_str_eq(expand("%h", "x", "../etc"), "_._etc");
	ck_assert_str_eq(expand("%e", "", "h"), "unknown");
	ck_assert_uint_eq(strlen(expand("%e", "0123456789012345678901234567890123456789"
					      "0123456789012345678901234567890123456789", "")), 64);
}
END_TEST

START_TEST(a_pid_is_put_before_the_suffix)
{
	char out[64];

	ck_assert(!da_pattern_has_pid("a%%p"));
	ck_assert(da_pattern_has_pid("a%p"));
	ck_assert(da_pattern_add_pid("x.dalloc", out, sizeof out));
	ck_assert_str_eq(out, "x.%p.dalloc");
	ck_assert(da_pattern_add_pid("x", out, sizeof out));
	ck_assert_str_eq(out, "x.%p");
}
END_TEST

/* ---- a stream over a socket pair */

static uint8_t stream[4096];
static size_t n_stream;
static uint8_t got[4096];
static size_t n_got;

static void add_block(uint64_t seq, const char *payload, bool end)
{
	struct da_block b = { .stored_len = (uint32_t)strlen(payload), .seq = seq, .end = end };

	b.raw_len = b.stored_len;
	b.crc = da_crc32(0, payload, b.stored_len);
	da_block_put(&b, stream + n_stream);
	memcpy(stream + n_stream + DA_BLOCK_HEADER, payload, b.stored_len);
	n_stream += DA_BLOCK_HEADER + b.stored_len;
}

static void make_stream(void)
{
	struct da_header h = { .pid = 42, .word_bits = 64, .program = { "/bin/x", 6 } };

	n_got = 0;
	n_stream = da_header_put(&h, stream, sizeof stream);
	add_block(0, "first", false);
	add_block(1, "second", false);
	add_block(2, "", true);
}

static bool begin(void *ctx, const struct da_header *h)
{
	(void)ctx;
	ck_assert_uint_eq(h->pid, 42);
	return true;
}

static bool unit(void *ctx, const uint8_t *bytes, size_t n)
{
	(void)ctx;
	memcpy(got + n_got, bytes, n);
	n_got += n;
	return true;
}

static volatile sig_atomic_t stop;

/* Receive @n bytes of @bytes, sent in pieces of @piece. */
static enum da_receive_end receive(const uint8_t *bytes, size_t n, size_t piece)
{
	sigset_t mask;
	int fds[2];
	struct da_receive r = { .stop = &stop, .wait_mask = &mask, .begin = begin, .unit = unit };
	enum da_receive_end end;

	sigemptyset(&mask);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (size_t at = 0; at < n; at += piece)
		ck_assert(da_send_all(fds[0], bytes + at, n - at < piece ? n - at : piece, &err));
	close(fds[0]);
	r.fd = fds[1];
	err.text[0] = '\0';
	end = da_receive_run(&r, &err);
	close(fds[1]);
	return end;
}

START_TEST(a_stream_is_handed_on_as_it_is)
{
	make_stream();
	ck_assert_int_eq(receive(stream, n_stream, 3), DA_RECEIVE_COMPLETE);
	ck_assert_uint_eq(n_got, n_stream);
	ck_assert_mem_eq(got, stream, n_stream);
}
END_TEST

START_TEST(a_cut_stream_keeps_its_whole_blocks)
{
	size_t borders[4], n = 0;

	make_stream();
	borders[n++] = n_stream - DA_BLOCK_HEADER * 3 - 11;
	borders[n++] = borders[0] + DA_BLOCK_HEADER + 5;
	borders[n++] = borders[1] + DA_BLOCK_HEADER + 6;
	borders[n++] = n_stream;
	for (size_t cut = 0; cut < n_stream; cut++) {
		size_t want = 0;

		n_got = 0;
		for (size_t i = 0; i < n; i++)
			want = cut >= borders[i] ? borders[i] : want;
		ck_assert_int_eq(receive(stream, cut, 4096),
				 want ? DA_RECEIVE_CUT : DA_RECEIVE_NOT_RECORDING);
		ck_assert_uint_eq(n_got, want);
		ck_assert_uint_gt(strlen(err.text), 0);
	}
}
END_TEST

START_TEST(a_damaged_block_ends_a_stream)
{
	make_stream();
	for (size_t at = n_stream - 2 * DA_BLOCK_HEADER - 6; at < n_stream; at++) {
		n_got = 0;
		stream[at] ^= 0x10;
		ck_assert_int_eq(receive(stream, n_stream, 4096), DA_RECEIVE_DAMAGED);
		ck_assert_uint_lt(n_got, n_stream);
		ck_assert_ptr_nonnull(strstr(err.text, "is damaged"));
		stream[at] ^= 0x10;
	}
	make_stream();
	n_stream -= DA_BLOCK_HEADER;
	add_block(7, "out of order", true);
	ck_assert_int_eq(receive(stream, n_stream, 4096), DA_RECEIVE_DAMAGED);
}
END_TEST

START_TEST(other_protocols_are_no_recordings)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	n_got = 0;
	ck_assert_int_eq(receive((const uint8_t *)http, sizeof http - 1, 99),
			 DA_RECEIVE_NOT_RECORDING);
	ck_assert_ptr_nonnull(strstr(err.text, "not a dumpalloc recording"));
	ck_assert_uint_eq(n_got, 0);
	make_stream();
	stream[8] = 9; /* the version */
	ck_assert_int_eq(receive(stream, n_stream, 4096), DA_RECEIVE_NOT_RECORDING);
	ck_assert_ptr_nonnull(strstr(err.text, "version 9"));
}
END_TEST

/* ---- listening and connecting */

static void port_of(const struct da_serve *s, char *text, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	ck_assert_int_eq(getsockname(s->fds[0], (struct sockaddr *)&ss, &len), 0);
	ck_assert_uint_lt(size, 1000);
	da_address_format((struct sockaddr *)&ss, len, text);
}

START_TEST(a_used_port_and_a_closed_one_are_said)
{
	char text[DA_ADDRESS_TEXT];
	struct da_serve s, other;
	int fd;

	ck_assert_msg(da_serve_open(&s, "127.0.0.1:0", "7000", &err), "%s", err.text);
	port_of(&s, text, sizeof text);
	ck_assert(!da_serve_open(&other, text, "7000", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "in use"));
	ck_assert(da_send_connect(text, 1000, &fd, &err));
	close(fd);
	da_serve_close(&s);
	ck_assert(!da_send_connect(text, 1000, &fd, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "connection refused; is 'dumpalloc listen'"));
	ck_assert(!da_send_connect("nobody.invalid:1", 1000, &fd, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot resolve nobody.invalid"));
}
END_TEST

START_TEST(accepting_survives_a_full_table_of_descriptors)
{
	struct rlimit few = { 16, 16 };
	char text[DA_ADDRESS_TEXT];
	struct sockaddr_storage peer;
	struct da_serve s;
	int client, held[16], n = 0, fd;

	ck_assert(da_serve_open(&s, "127.0.0.1:0", "7000", &err));
	port_of(&s, text, sizeof text);
	ck_assert(da_send_connect(text, 1000, &client, &err));
	setrlimit(RLIMIT_NOFILE, &few);
	while (n < 16 && (held[n] = dup(STDERR_FILENO)) >= 0)
		n++;
	ck_assert_int_eq(da_serve_accept(&s, s.fds[0], &peer), -1);
	/* it is out of the queue, and the next one is served when there is room again */
	ck_assert_int_eq(da_serve_accept(&s, s.fds[0], &peer), -1);
	while (n > 0)
		close(held[--n]);
	close(client);
	ck_assert(da_send_connect(text, 1000, &client, &err));
	fd = da_serve_accept(&s, s.fds[0], &peer);
	ck_assert_int_ge(fd, 0);
	close(fd);
	close(client);
	da_serve_close(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("collect_net");
	TCase *tc = tcase_create("collect_net");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, addresses_are_split);
	tcase_add_test(tc, wrong_addresses_are_refused_with_the_text_given);
	tcase_add_test(tc, blocks_hold_their_addresses_and_no_others);
	tcase_add_test(tc, wrong_blocks_are_refused);
	tcase_add_test(tc, patterns_expand);
	tcase_add_test(tc, names_from_a_peer_cannot_leave_the_folder_or_the_terminal);
	tcase_add_test(tc, a_pid_is_put_before_the_suffix);
	tcase_add_test(tc, a_stream_is_handed_on_as_it_is);
	tcase_add_test(tc, a_cut_stream_keeps_its_whole_blocks);
	tcase_add_test(tc, a_damaged_block_ends_a_stream);
	tcase_add_test(tc, other_protocols_are_no_recordings);
	tcase_add_test(tc, a_used_port_and_a_closed_one_are_said);
	tcase_add_test(tc, accepting_survives_a_full_table_of_descriptors);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
