/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/environment.h"

#include "base/bytes.h"

#define PREFIX "DUMPALLOC_"
#define PRELOAD "LD_PRELOAD="

extern char **environ __attribute__((weak));

char **da_environment_find(const struct da_linkmap *l)
{
	uintptr_t *stack;
	void *const *end;

	if (&environ && environ)
		return environ;
	end = l->debug ? da_linkmap_find(l, "__libc_stack_end") : NULL;
	if (!end || !*end)
		return NULL;
	stack = *end;
	return (char **)(stack + 1 + stack[0] + 1); /* argc, argv[argc], NULL */
}

static const char *after_prefix(const char *text, const char *prefix)
{
	while (*prefix && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix ? NULL : text;
}

const char *da_environment_get(char *const *environment, const char *name)
{
	for (; *environment; environment++) {
		const char *rest = after_prefix(*environment, name);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

static bool is_separator(char c)
{
	return c == ':' || c == ' ';
}

/* Cut @self out of the list @value. @return whether anything is left. */
static bool cut_entry(char *value, const char *self)
{
	char *from = value, *to = value;

	while (*from) {
		char *begin = from;
		size_t n = 0;

		while (begin[n] && !is_separator(begin[n]))
			n++;
		from = begin + n + (begin[n] != '\0');
		if (!n || (da_bytes_equal(begin, self, n) && !self[n]))
			continue;
		if (to != value)
			*to++ = ':';
		while (n--)
			*to++ = *begin++;
	}
	*to = '\0';
	return to != value;
}

void da_environment_clean(char **environment, const char *self)
{
	char **to = environment;

	for (char **from = environment; *from; from++) {
		const char *list = after_prefix(*from, PRELOAD);

		if (after_prefix(*from, PREFIX))
			continue;
		if (list && !cut_entry((char *)list, self))
			continue;
		*to++ = *from;
	}
	*to = NULL;
}
