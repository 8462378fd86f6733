/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const char *const da_cidr_local[DA_CIDR_LOCAL_COUNT] = {
	"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"169.254.0.0/16", "::1",        "fc00::/7",      "fe80::/10",
};

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool check_service(const char *text, const char *service, bool zero, struct da_err *err)
{
	char *end;
	unsigned long v;

	if (!*service)
		return da_err_set(err, "'%s' has no port; give HOST:PORT or [ADDR]:PORT", text);
	v = strtoul(service, &end, 10);
	if (!*end && (v > 65535 || (!v && !zero)))
		return da_err_set(err, "port %s is not between 1 and 65535", service);
	if (*end && service[0] >= '0' && service[0] <= '9')
		return da_err_set(err, "'%s' is not a port", service);
	return true;
}

bool da_address_split(const char *text, bool port_alone, struct da_address *out, struct da_err *err)
{
	const char *host = text, *colon = strrchr(text, ':');
	size_t host_len = colon ? (size_t)(colon - text) : 0;
	const char *service = colon ? colon + 1 : text;

	if (!colon && !port_alone)
		return da_err_set(err, "'%s' has no port; give HOST:PORT or [ADDR]:PORT", text);
	if (text[0] == '[') {
		if (!colon || host_len < 2 || text[host_len - 1] != ']')
			return da_err_set(err, "'%s' is not of the form [ADDR]:PORT", text);
		host++;
		host_len -= 2;
	} else if (memchr(text, ':', host_len)) {
		return da_err_set(err, "'%s': write an IPv6 address as [ADDR]:PORT", text);
	}
	if (host_len >= sizeof out->host || strlen(service) >= sizeof out->service)
		return da_err_set(err, "'%.40s…' is too long for an address", text);
	if (!check_service(text, service, port_alone, err))
		return false;
	memcpy(out->host, host, host_len);
	out->host[host_len] = '\0';
	strcpy(out->service, service);
	return true;
}

/* Whether all bits of @b from number @from on are 0. */
static bool rest_is_zero(const uint8_t *b, unsigned from)
{
	for (unsigned i = from; i < 128; i++) {
		if (b[i / 8] & (0x80u >> i % 8))
			return false;
	}
	return true;
}

bool da_cidr_parse(const char *text, struct da_cidr *out, struct da_err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	unsigned long bits, most = 128;
	char *end = NULL;

	if (len >= sizeof addr)
		return da_err_set(err, "'%s' is not an address", text);
	memcpy(addr, text, len);
	addr[len] = '\0';
	memcpy(out->bytes, mapped_prefix, sizeof mapped_prefix);
	if (inet_pton(AF_INET, addr, out->bytes + 12) == 1)
		most = 32;
	else if (inet_pton(AF_INET6, addr, out->bytes) != 1)
		return da_err_set(err, "'%s' is not an address such as 10.0.0.0/8 or fd00::/8",
				  text);
	bits = slash && slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : most;
	if ((slash && !end) || (end && *end) || bits > most)
		return da_err_set(err, "'%s': the prefix length is not between 0 and %lu", text,
				  most);
	out->bits = (uint8_t)(bits + 128 - most);
	if (!rest_is_zero(out->bytes, out->bits))
		return da_err_set(err, "'%s' has bits set beyond its prefix", text);
	return true;
}

static bool holds(const struct da_cidr *c, const uint8_t *addr)
{
	unsigned whole = c->bits / 8, rest = c->bits % 8;

	if (memcmp(c->bytes, addr, whole))
		return false;
	return !rest || !((c->bytes[whole] ^ addr[whole]) >> (8 - rest));
}

bool da_cidr_holds(const struct da_cidr *blocks, size_t n, const struct sockaddr *addr)
{
	uint8_t bytes[16];

	if (addr->sa_family == AF_INET) {
		memcpy(bytes, mapped_prefix, sizeof mapped_prefix);
		memcpy(bytes + 12, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, 4);
	} else if (addr->sa_family == AF_INET6) {
		memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr, 16);
	} else {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (holds(&blocks[i], bytes))
			return true;
	}
	return false;
}

const char *da_address_format(const struct sockaddr *addr, size_t len, char buf[DA_ADDRESS_TEXT])
{
	char host[64], port[16];

	if (getnameinfo(addr, (socklen_t)len, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(buf, DA_ADDRESS_TEXT, "unknown address");
	else
		snprintf(buf, DA_ADDRESS_TEXT, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return buf;
}
