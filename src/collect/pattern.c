/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/pattern.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SAFE_MAX 64
#define SUFFIX ".dalloc"
#define NS_PER_S UINT64_C(1000000000)

bool da_pattern_check(const char *pattern, struct da_err *err)
{
	if (!*pattern)
		return da_err_set(err, "a file name is empty");
	for (const char *p = pattern; (p = strchr(p, '%')); p += 2) {
		if (!p[1] || !strchr("peht%", p[1]))
			return da_err_set(err, "'%s': '%%%c' is none of %%p %%e %%h %%t %%%%",
					  pattern, p[1] ? p[1] : ' ');
	}
	return true;
}

/* Only bytes that no shell, terminal or file system takes for something else. */
static void make_safe(const char *text, size_t len, char out[SAFE_MAX + 1])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t n = 0;

	for (; n < len && n < SAFE_MAX && text[n]; n++)
		out[n] = strchr(allowed, text[n]) ? text[n] : '_';
	if (n && (out[0] == '.' || out[0] == '-'))
		out[0] = '_';
	out[n] = '\0';
	if (!n)
		strcpy(out, "unknown");
}

static void format_time(uint64_t wall_ns, char *out, size_t size)
{
	time_t t = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, size, "%Y%m%dT%H%M%SZ", &tm);
}

static void convert(char c, const struct da_pattern_values *v, char *out, size_t size)
{
	const char *name = v->program;
	size_t len = v->program_len;
	char safe[SAFE_MAX + 1];

	switch (c) {
	case 'p': snprintf(out, size, "%u", v->pid); break;
	case 'e':
		for (size_t i = 0; i < v->program_len; i++) {
			if (v->program[i] == '/' && i + 1 < v->program_len) {
				name = v->program + i + 1;
				len = v->program_len - i - 1;
			}
		}
		make_safe(name, len, safe);
		snprintf(out, size, "%s", safe);
		break;
	case 'h':
		make_safe(v->host, v->host_len, safe);
		snprintf(out, size, "%s", safe);
		break;
	case 't': format_time(v->wall_ns, out, size); break;
	default: snprintf(out, size, "%%"); break;
	}
}

bool da_pattern_expand(const char *pattern, const struct da_pattern_values *v, char *out,
		       size_t size, struct da_err *err)
{
	char piece[128];
	size_t n = 0;

	if (!da_pattern_check(pattern, err))
		return false;
	for (const char *p = pattern; *p; p++) {
		if (*p == '%')
			convert(*++p, v, piece, sizeof piece);
		else
			snprintf(piece, sizeof piece, "%c", *p);
		if (n + strlen(piece) >= size)
			return da_err_set(err, "the file name from '%.100s' is too long", pattern);
		strcpy(out + n, piece);
		n += strlen(piece);
	}
	return true;
}

bool da_pattern_has_pid(const char *pattern)
{
	for (const char *p = pattern; (p = strchr(p, '%')) && p[1]; p += 2) {
		if (p[1] == 'p')
			return true;
	}
	return false;
}

bool da_pattern_add_pid(const char *pattern, char *out, size_t size)
{
	size_t n = strlen(pattern), tail = strlen(SUFFIX);
	bool suffixed = n > tail && !strcmp(pattern + n - tail, SUFFIX);

	return (size_t)snprintf(out, size, "%.*s.%%p%s", (int)(suffixed ? n - tail : n), pattern,
				suffixed ? SUFFIX : "") < size;
}
