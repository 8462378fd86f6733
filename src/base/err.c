/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <stdarg.h>

#include "base/bytes.h"
#include "base/fmt.h"

bool da_err_set(struct da_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	da_vfmt(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return false;
}

bool da_err_prefix(struct da_err *err, const char *fmt, ...)
{
	char prefix[256];
	va_list ap;
	size_t n, len;

	if (!err)
		return false;
	va_start(ap, fmt);
	n = da_vfmt(prefix, sizeof prefix - 2, fmt, ap);
	va_end(ap);
	prefix[n++] = ':';
	prefix[n++] = ' ';
	len = da_text_length(err->text, sizeof err->text - 1 - n);
	err->text[n + len] = '\0';
	while (len--)
		err->text[n + len] = err->text[len];
	da_copy(err->text, prefix, n);
	return false;
}
