/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <stdarg.h>

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
	char old[DA_ERR_TEXT];
	va_list ap;
	size_t n;

	if (!err)
		return false;
	da_fmt(old, sizeof old, "%s", err->text);
	va_start(ap, fmt);
	n = da_vfmt(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	da_fmt(err->text + n, sizeof err->text - n, ": %s", old);
	return false;
}
