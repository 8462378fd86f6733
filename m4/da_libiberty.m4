dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_LIBIBERTY: IBERTY_LIBS; HAVE_LIBIBERTY_DEMANGLE_H 1: <libiberty/demangle.h>, else <demangle.h>.
AC_DEFUN([DA_LIBIBERTY], [
AC_CHECK_HEADERS([libiberty/demangle.h])
DA_LIB([libiberty], [-liberty], [[
#ifdef HAVE_LIBIBERTY_DEMANGLE_H
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif
	]], [[return !cplus_demangle("_Z1fv", DMGL_PARAMS);]],
	[IBERTY_LIBS=-liberty], [DA_LIB_MISSING([libiberty], [libiberty-dev])])
AC_SUBST([IBERTY_LIBS])
])
