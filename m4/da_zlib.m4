dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_ZLIB: ZLIB_LIBS, to read gzip-compressed recordings.
AC_DEFUN([DA_ZLIB], [
DA_LIB([zlib], [-lz], [[#include <zlib.h>]], [[return inflateInit2((z_stream *)0, 31);]],
	[ZLIB_LIBS=-lz], [DA_LIB_MISSING([zlib], [zlib1g-dev])])
AC_SUBST([ZLIB_LIBS])
])
