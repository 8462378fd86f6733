dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_LIBDWARF: DWARF_LIBS, and in config.h
dnl   HAVE_LIBDWARF_LIBDWARF_H  1: <libdwarf/libdwarf.h>; undefined: <libdwarf.h>
dnl   DA_DWARF_INIT_B_ARGS      7: (fd, access, group, errhand, errarg, &dbg, &err), up to 20210528
dnl                             6: (fd, group, errhand, errarg, &dbg, &err), 0.1.0 (2021-07) and later
dnl   DA_DWARF_FINISH_ARGS      2: (dbg, &err), up to 20210528;  1: (dbg), 0.1.0 and later
dnl The count is what the header declares: a call with another count does not compile.
AC_DEFUN([DA_LIBDWARF], [
dnl <libdwarf.h> is what upstream installs: one named by CPPFLAGS goes before the system's.
AC_CHECK_HEADER([libdwarf.h], [], [
	AC_CHECK_HEADERS([libdwarf/libdwarf.h], [], [DA_LIB_MISSING([libdwarf.h], [libdwarf-dev])])])
m4_define([da_dwarf_h], [[
#ifdef HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/libdwarf.h>
#else
#include <libdwarf.h>
#endif
]])
AC_CACHE_CHECK([how many arguments dwarf_init_b takes], [da_cv_dwarf_init_b_args], [
	da_cv_dwarf_init_b_args=unknown
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([da_dwarf_h],
		[[Dwarf_Debug d; Dwarf_Error e; return dwarf_init_b(0, 0, 0, 0, 0, &d, &e);]])],
		[da_cv_dwarf_init_b_args=7])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([da_dwarf_h],
		[[Dwarf_Debug d; Dwarf_Error e; return dwarf_init_b(0, 0, 0, 0, &d, &e);]])],
		[da_cv_dwarf_init_b_args=6])
])
AC_CACHE_CHECK([how many arguments dwarf_finish takes], [da_cv_dwarf_finish_args], [
	da_cv_dwarf_finish_args=unknown
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([da_dwarf_h],
		[[Dwarf_Debug d = 0; Dwarf_Error e; return dwarf_finish(d, &e);]])],
		[da_cv_dwarf_finish_args=2])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([da_dwarf_h],
		[[Dwarf_Debug d = 0; return dwarf_finish(d);]])],
		[da_cv_dwarf_finish_args=1])
])
AS_CASE([$da_cv_dwarf_init_b_args/$da_cv_dwarf_finish_args], [*unknown*],
	[AC_MSG_ERROR([this libdwarf has another dwarf_init_b or dwarf_finish; see config.log])])
AC_DEFINE_UNQUOTED([DA_DWARF_INIT_B_ARGS], [$da_cv_dwarf_init_b_args],
	[Arguments of dwarf_init_b: 7 up to libdwarf 20210528 (with access), 6 later.])
AC_DEFINE_UNQUOTED([DA_DWARF_FINISH_ARGS], [$da_cv_dwarf_finish_args],
	[Arguments of dwarf_finish: 2 up to libdwarf 20210528, 1 later.])
m4_define([da_dwarf_body], [[
#if DA_DWARF_FINISH_ARGS == 2
	return dwarf_finish((Dwarf_Debug)0, (Dwarf_Error *)0);
#else
	return dwarf_finish((Dwarf_Debug)0);
#endif
]])
dnl A static libdwarf brings what it needs with it: libelf up to 20210528, zlib, later zstd.
DA_LIB([libdwarf], [-ldwarf $ELF_LIBS $ZLIB_LIBS $ZSTD_LIBS], [da_dwarf_h], [da_dwarf_body],
	[DWARF_LIBS=-ldwarf], [DA_LIB_MISSING([libdwarf], [libdwarf-dev])])
AC_SUBST([DWARF_LIBS])
])
