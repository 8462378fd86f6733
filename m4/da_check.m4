dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_CHECK: CHECK_CFLAGS, CHECK_LIBS, $da_have_check. Without the check library make check runs
dnl no unit test, and says so.
AC_DEFUN([DA_CHECK], [
PKG_CHECK_MODULES([CHECK], [check >= 0.10.0], [da_have_check=yes], [da_have_check=no
	AC_MSG_WARN([no unit tests: the check library is missing (Debian: check)])])
])
