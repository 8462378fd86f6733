dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_JANSSON: JANSSON_LIBS, to write JSON.
AC_DEFUN([DA_JANSSON], [
DA_LIB([jansson], [-ljansson], [[#include <jansson.h>]], [[return !json_object();]],
	[JANSSON_LIBS=-ljansson], [DA_LIB_MISSING([jansson], [libjansson-dev])])
AC_SUBST([JANSSON_LIBS])
])
