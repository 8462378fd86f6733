/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "symbols/demangle.h"

#include <ctype.h>
#ifdef HAVE_LIBIBERTY_DEMANGLE_H
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "ds/mem.h"
#include "ds/vec.h"

/* Collects what the demangler prints. */
struct sink {
	char *text;
	size_t n, cap;
	jmp_buf too_long;
};

/*
 * A short name can stand for gigabytes of text, and the demangler cannot be told to stop: jump out.
 * It prints from the stack, so nothing is lost.
 */
static void take(const char *text, size_t len, void *opaque)
{
	struct sink *s = opaque;

	if (s->n + len > DA_DEMANGLE_MAX_OUTPUT)
		longjmp(s->too_long, 1);
	s->text = da_vec_reserve(s->text, &s->cap, s->n + len + 1, 1);
	memcpy(s->text + s->n, text, len);
	s->n += len;
	s->text[s->n] = '\0';
}

/* Rust first: its legacy names are valid C++ ones with a hash at the end. */
static char *demangle_printing(const char *name, int flags)
{
	struct sink *s = da_xcalloc(1, sizeof(*s));
	volatile bool ok = false;

	if (setjmp(s->too_long) == 0)
		ok = rust_demangle_callback(name, flags, take, s) ||
		     (s->n = 0, cplus_demangle_v3_callback(name, flags, take, s));
	char *text = s->text;
	if (!ok || !s->n) {
		free(text);
		text = NULL;
	}
	free(s);
	return text;
}

static char *demangle_any(const char *name, int flags)
{
	if (name[0] == '_' && name[1] == 'D') {
		char *text = dlang_demangle(name, flags);
		if (text)
			return text;
	}
	return demangle_printing(name, flags);
}

/* ---- the short form ---- */

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Whether what ends at text[at) is the word "operator", after which "<" is a name. */
static bool ends_in_operator(const char *text, size_t at)
{
	static const char word[] = "operator";
	size_t len = sizeof(word) - 1;

	/* Also the second "<" of "operator<<". */
	if (at && text[at - 1] == '<')
		at--;
	return at >= len && strncmp(text + at - len, word, len) == 0 &&
	       (at == len || !is_name_byte(text[at - len - 1]));
}

/* Index after the ">" that closes the "<" at @at; @at itself if none does. */
static size_t skip_arguments(const char *text, size_t at)
{
	size_t depth = 0, round = 0;

	for (size_t i = at; text[i]; i++) {
		char c = text[i];
		if (c == '(' || c == '[' || c == '{')
			round++;
		else if ((c == ')' || c == ']' || c == '}') && round)
			round--;
		else if (round)
			continue;
		else if (c == '<')
			depth++;
		else if (c == '>' && i > at && text[i - 1] != '-' && text[i - 1] != '=' &&
			 --depth == 0)
			return i + 1;
	}
	return at;
}

/*
 * Cut template and generic arguments: a "<" that follows a name (or, in Rust, a name and "::").
 * "<T as Trait>::f" keeps its outer brackets, "operator<" its name.
 */
static void cut_arguments(char *text)
{
	size_t to = 0, at = 0;

	while (text[at]) {
		size_t name_end = to;
		if (to >= 2 && text[to - 1] == ':' && text[to - 2] == ':')
			name_end = to - 2;
		bool after_name = name_end && is_name_byte(text[name_end - 1]);
		if (text[at] == '<' && after_name && !ends_in_operator(text, to)) {
			size_t end = skip_arguments(text, at);
			/* "a::<b as c>::d": brackets that begin a path are not arguments. */
			bool is_path = name_end != to && text[end] == ':';
			if (end != at && !is_path) {
				to = name_end;
				at = end;
				continue;
			}
		}
		text[to++] = text[at++];
	}
	text[to] = '\0';
}

/* ---- the module ---- */

static char *without_version(const char *name)
{
	return da_xstrndup(name, strcspn(name, "@"));
}

char *da_demangle(const char *name, enum da_symbols_demangle how)
{
	bool full = how == DA_SYMBOLS_DEMANGLE_FULL;
	char *plain = without_version(name);

	if (how == DA_SYMBOLS_DEMANGLE_NONE || strlen(plain) > DA_DEMANGLE_MAX_INPUT)
		return plain;
	char *text = demangle_any(plain, full ? DMGL_ANSI | DMGL_PARAMS : DMGL_ANSI);
	if (!text)
		return plain;
	free(plain);
	if (!full)
		cut_arguments(text);
	return text;
}
