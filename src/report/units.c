/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Three significant digits of @v (which is < 1024) and a unit. */
static void put_scaled(char *buf, double v, const char *unit)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	snprintf(buf, DA_UNITS_TEXT, "%.*f %s", decimals, v, unit);
}

const char *da_units_bytes(char buf[DA_UNITS_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, DA_UNITS_TEXT, "%" PRIu64 " B", bytes);
		return buf;
	}
	for (; v >= 1023.5 && i + 1 < sizeof units / sizeof *units; i++)
		v /= 1024;
	put_scaled(buf, v, units[i]);
	return buf;
}

const char *da_units_count(char buf[DA_UNITS_TEXT], uint64_t count)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, count);
	char *out = buf;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}

const char *da_units_blocks(char buf[DA_UNITS_TEXT], uint64_t blocks)
{
	da_units_count(buf, blocks);
	strcat(buf, blocks == 1 ? " block" : " blocks");
	return buf;
}

const char *da_units_short(char buf[DA_UNITS_TEXT], uint64_t count)
{
	static const char *const units[] = { "k", "M", "G", "T", "P", "E" };
	double v = (double)count / 1000;
	size_t i = 0;

	if (count < 100000) {
		snprintf(buf, DA_UNITS_TEXT, "%" PRIu64, count);
		return buf;
	}
	for (; v >= 999.5 && i + 1 < sizeof units / sizeof *units; i++)
		v /= 1000;
	put_scaled(buf, v, units[i]);
	return buf;
}

const char *da_units_time(char buf[DA_UNITS_TEXT], uint64_t ns)
{
	uint64_t s = ns / 1000000000;

	if (ns == 0)
		snprintf(buf, DA_UNITS_TEXT, "0 s");
	else if (ns < 1000)
		snprintf(buf, DA_UNITS_TEXT, "%" PRIu64 " ns", ns);
	else if (ns < 1000000)
		put_scaled(buf, (double)ns / 1e3, "us");
	else if (s < 1)
		put_scaled(buf, (double)ns / 1e6, "ms");
	else if (s < 100)
		put_scaled(buf, (double)ns / 1e9, "s");
	else if (s < 3600)
		snprintf(buf, DA_UNITS_TEXT, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
	else
		snprintf(buf, DA_UNITS_TEXT, "%" PRIu64 " h %02" PRIu64 " min", s / 3600,
			 s / 60 % 60);
	return buf;
}

const char *da_units_share(char buf[DA_UNITS_TEXT], uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;

	if (whole == 0)
		snprintf(buf, DA_UNITS_TEXT, "-");
	else if (part > 0 && percent < 0.1)
		snprintf(buf, DA_UNITS_TEXT, "<0.1%%");
	else
		snprintf(buf, DA_UNITS_TEXT, percent < 99.95 ? "%.1f%%" : "%.0f%%", percent);
	return buf;
}

const char *da_units_date(char buf[DA_UNITS_TEXT], uint64_t ns_since_1970)
{
	time_t t = (time_t)(ns_since_1970 / 1000000000);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, DA_UNITS_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(buf, DA_UNITS_TEXT, "(year beyond 9999)");
	return buf;
}
