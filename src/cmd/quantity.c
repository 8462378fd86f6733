/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* Digits at *p into *out; false when there are none or they do not fit. */
static bool take_digits(const char **p, uint64_t *out)
{
	uint64_t v = 0;
	const char *start = *p;

	for (; **p >= '0' && **p <= '9'; ++*p) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(**p - '0'), &v))
			return false;
	}
	*out = v;
	return *p != start;
}

bool da_quantity_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
			      struct da_err *err)
{
	const char *p = text;
	uint64_t v;

	if (!take_digits(&p, &v) || *p)
		return da_err_set(err, "'%s' is not a whole number", text);
	if (v < min || v > max)
		return da_err_set(err, "%s is not between %llu and %llu", text,
				  (unsigned long long)min, (unsigned long long)max);
	*out = v;
	return true;
}

/* The power of two of a size's unit, or -1. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "kmgt";
	const char *hit;

	if (!*unit || !strcasecmp(unit, "b"))
		return 0;
	hit = strchr(letters, *unit | 0x20);
	if (!hit || (unit[1] && strcasecmp(unit + 1, "b") && strcasecmp(unit + 1, "ib")))
		return -1;
	return 10 * (int)(hit - letters + 1);
}

bool da_quantity_parse_size(const char *text, uint64_t *out, struct da_err *err)
{
	const char *p = text;
	uint64_t v;
	int shift;

	if (!take_digits(&p, &v) || (shift = unit_shift(p)) < 0)
		return da_err_set(err, "'%s' is not a size (such as 4096, 64k, 2M or 1G)", text);
	if (v > UINT64_MAX >> shift)
		return da_err_set(err, "'%s' is too large", text);
	*out = v << shift;
	return true;
}

/* Nanoseconds of a time's unit, 0 when it is none. */
static uint64_t time_unit(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", NS_PER_S },         { "us", NS_PER_US },    { "ms", NS_PER_MS },
		{ "s", NS_PER_S },        { "m", 60 * NS_PER_S }, { "min", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	}
	return 0;
}

/* Digits after a decimal point as billionths. */
static bool take_decimals(const char **p, uint64_t *billionths)
{
	uint64_t scale = NS_PER_S;

	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; ++*p) {
		scale /= 10;
		*billionths += scale * (uint64_t)(**p - '0');
	}
	return true;
}

bool da_quantity_parse_time(const char *text, uint64_t *ns_out, struct da_err *err)
{
	const char *p = text;
	uint64_t whole, billionths = 0, unit, ns;
	bool ok = take_digits(&p, &whole);

	if (ok && *p == '.') {
		p++;
		ok = take_decimals(&p, &billionths);
	}
	unit = ok ? time_unit(p) : 0;
	if (!unit)
		return da_err_set(err, "'%s' is not a time (such as 250ms, 1.5s, 10m or 24h)",
				  text);
	if (__builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(ns, unit / NS_PER_US * billionths / (NS_PER_S / NS_PER_US), &ns))
		return da_err_set(err, "'%s' is too long", text);
	*ns_out = ns;
	return true;
}

const char *da_quantity_format_size(char buf[DA_QUANTITY_TEXT], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(buf, DA_QUANTITY_TEXT, "%" PRIu64 " B", bytes);
		return buf;
	}
	for (v /= 1024; v >= 1024 && units[unit + 1]; v /= 1024)
		unit++;
	snprintf(buf, DA_QUANTITY_TEXT, "%.*f %ciB", v < 10 ? 2 : v < 100 ? 1 : 0, v, units[unit]);
	return buf;
}

const char *da_quantity_format_time(char buf[DA_QUANTITY_TEXT], uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (s < 1)
		snprintf(buf, DA_QUANTITY_TEXT, "%" PRIu64 " ms", ns / NS_PER_MS);
	else if (s < 60)
		snprintf(buf, DA_QUANTITY_TEXT, "%.2f s", (double)ns / 1e9);
	else if (s < 3600)
		snprintf(buf, DA_QUANTITY_TEXT, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		snprintf(buf, DA_QUANTITY_TEXT, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			 s / 60 % 60);
	return buf;
}
