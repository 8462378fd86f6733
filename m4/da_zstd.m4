dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_ZSTD: ZSTD_LIBS, HAVE_ZSTD, $da_have_zstd. Optional on a device: without it blocks are raw.
AC_DEFUN([DA_ZSTD], [
AC_ARG_WITH([zstd], [AS_HELP_STRING([--without-zstd], [never compress on this side])],
	[], [with_zstd=auto])
da_have_zstd=no
AS_IF([test "x$with_zstd" != xno], [
	DA_LIB([zstd], [-lzstd], [[#include <zstd.h>]],
		[[return ZSTD_CCtx_setParameter(0, ZSTD_c_compressionLevel, 1) != 0;]],
		[da_have_zstd=yes
		ZSTD_LIBS=-lzstd
		AC_DEFINE([HAVE_ZSTD], [1], [Define to 1 if blocks can be compressed with zstd.])],
		[AS_IF([test "x$with_zstd" = xyes], [DA_LIB_MISSING([zstd], [libzstd-dev])])])
])
AC_SUBST([ZSTD_LIBS])
])
