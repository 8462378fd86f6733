/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Network addresses as people write them, and who may connect. */
#ifndef DA_COLLECT_ADDRESS_H
#define DA_COLLECT_ADDRESS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** A split address: host and service, NUL-terminated. */
struct da_address {
	char host[256]; /**< empty: none given */
	char service[32]; /**< port number or service name */
};

/**
 * Split "host:port", "[addr]:port", ":port", or, when @port_alone, "port".
 * The port is checked to be a number in 1 … 65535 (0 too when @port_alone) or a service's name.
 */
bool da_address_split(const char *text, bool port_alone, struct da_address *out,
		      struct da_err *err);

/** A block of addresses: those whose first @bits bits are those of @bytes. */
struct da_cidr {
	uint8_t bytes[16]; /**< IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so all are 16 bytes */
	uint8_t bits; /**< 0 … 128 */
};

/** Read "10.0.0.0/8", "fd00::/8" or an address alone. Bits beyond the prefix must be 0. */
bool da_cidr_parse(const char *text, struct da_cidr *out, struct da_err *err);

struct sockaddr;

/** Whether @addr (AF_INET or AF_INET6) lies in one of @n blocks. */
bool da_cidr_holds(const struct da_cidr *blocks, size_t n, const struct sockaddr *addr);

/** Loopback, private (RFC 1918, RFC 4193) and link-local addresses. */
extern const char *const da_cidr_local[];
/** How many da_cidr_local has. */
#define DA_CIDR_LOCAL_COUNT 8

/** Room for da_address_format(): "[" address "%" interface "]:" port. */
#define DA_ADDRESS_TEXT 96

/** Write the numeric "addr:port" or "[addr]:port" of @addr (@len bytes) into @buf. @return @buf. */
const char *da_address_format(const struct sockaddr *addr, size_t len, char buf[DA_ADDRESS_TEXT]);

#endif
