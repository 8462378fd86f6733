/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/brief.h"

#include <string.h>

#define OPERATOR "operator"

struct brief {
	const char *in; /* what is left to read */
	char *out;
	size_t n, size; /* n < size */
};

static void put(struct brief *b, size_t bytes)
{
	size_t room = b->size - 1 - b->n;
	size_t fit = bytes < room ? bytes : room;

	memcpy(b->out + b->n, b->in, fit);
	b->n += fit;
	b->in += bytes;
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* Whether the output ends in the word "operator": what follows is its name. */
static bool after_operator(const struct brief *b)
{
	size_t len = strlen(OPERATOR);

	return b->n >= len && memcmp(b->out + b->n - len, OPERATOR, len) == 0 &&
	       (b->n == len || !is_name_byte(b->out[b->n - len - 1]));
}

/* Bytes at @in up to the bracket that closes its first one; all of it when none does. */
static size_t balanced(const char *in)
{
	size_t depth = 0, i;

	for (i = 0; in[i]; i++) {
		bool is_arrow = in[i] == '>' && i > 0 && (in[i - 1] == '-' || in[i - 1] == '=');

		if (strchr("<([{", in[i]))
			depth++;
		else if (strchr(">)]}", in[i]) && !is_arrow && --depth == 0)
			return i + 1;
	}
	return i;
}

/* An operator's name: its symbols, or " new[]", or a type up to the parameters. */
static void put_operator(struct brief *b)
{
	size_t bytes = strcspn(b->in, *b->in == ' ' ? "(<" : "(");

	if (starts_with(b->in, "()"))
		bytes = 2;
	put(b, bytes ? bytes : 1);
}

/*
 * Parameters are left out. Behind them comes the inner part of a local name; or, when they were
 * part of a return type, a space and the name; or nothing of note.
 */
static void skip_parameters(struct brief *b)
{
	b->in += balanced(b->in);
	if (starts_with(b->in, " const"))
		b->in += strlen(" const");
	if (!starts_with(b->in, "::") && !(*b->in == ' ' && is_name_byte(b->in[1])))
		b->in += strlen(b->in);
}

/*
 * Arguments are left out, also Rust's "f::<T>"; in "<T as Trait>::f" and "a::<T>::f" they are a
 * path.
 */
static void put_angle(struct brief *b, char last)
{
	size_t bytes = balanced(b->in);
	bool is_path = b->in[bytes] == ':';

	if (last == ':' && !is_path) {
		b->n -= b->n >= 2 ? 2 : b->n;
		b->in += bytes;
	} else if (is_name_byte(last) || last == ')') {
		b->in += bytes;
	} else {
		put(b, bytes);
	}
}

/* "{lambda(int)#1}" becomes "{lambda}". */
static void put_braces(struct brief *b)
{
	static const char lambda[] = "{lambda(";
	size_t bytes = balanced(b->in);

	if (!starts_with(b->in, lambda)) {
		put(b, bytes);
		return;
	}
	put(b, strlen(lambda) - 1);
	b->in += bytes - strlen(lambda);
	put(b, *b->in ? 1 : 0);
}

static void step(struct brief *b)
{
	static const char anonymous[] = "(anonymous namespace)";
	char last = b->n ? b->out[b->n - 1] : '\0';

	if (after_operator(b) && !is_name_byte(*b->in) && *b->in != ':') {
		put_operator(b);
	} else if (starts_with(b->in, anonymous)) {
		put(b, strlen(anonymous));
	} else if (starts_with(b->in, " [clone")) {
		b->in += strlen(b->in);
	} else if (*b->in == '[') {
		b->in += balanced(b->in); /* "[abi:cxx11]" */
	} else if (*b->in == '(') {
		skip_parameters(b);
	} else if (*b->in == '{') {
		put_braces(b);
	} else if (*b->in == '<') {
		put_angle(b, last);
	} else if (*b->in == ' ') {
		b->in++;
		b->n = 0; /* a return type ends here */
	} else {
		put(b, 1);
	}
}

/* Whether a name can have anything to leave out. Others, such as "main.cold", stay. */
static bool is_decorated(const char *name)
{
	return strpbrk(name, "(<") != NULL || strstr(name, "::") != NULL;
}

char *da_brief(char *out, size_t size, const char *name)
{
	struct brief b = { .in = name, .out = out, .size = size };

	if (is_decorated(name))
		while (*b.in)
			step(&b);
	if (b.n == 0) {
		b.in = name;
		put(&b, strlen(name));
	}
	if (b.n == size - 1) { /* perhaps cut within a character */
		while (b.n > 0 && ((unsigned char)out[b.n - 1] & 0xc0) == 0x80)
			b.n--;
		if (b.n > 0 && (unsigned char)out[b.n - 1] >= 0xc0)
			b.n--;
	}
	out[b.n] = '\0';
	return out;
}
