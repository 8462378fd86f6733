dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_LIB(NAME, LIBS, INCLUDES, BODY, IF-FOUND, IF-NOT): try to link BODY with LIBS, which never
dnl enter $LIBS (the shim links nothing). A link test and not pkg-config, which in a cross build
dnl without a sysroot answers for the build machine.
AC_DEFUN([DA_LIB], [
AS_VAR_PUSHDEF([da_cache], [da_cv_lib_$1])
AC_CACHE_CHECK([for $1], [da_cache], [
	da_saved_libs=$LIBS
	LIBS="$2 $LIBS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([$3], [$4])], [AS_VAR_SET([da_cache], [yes])],
		[AS_VAR_SET([da_cache], [no])])
	LIBS=$da_saved_libs
])
AS_VAR_IF([da_cache], [yes], [$5], [$6])
AS_VAR_POPDEF([da_cache])
])

dnl DA_LIB_MISSING(NAME, DEBIAN-PACKAGE): stop with what to do.
AC_DEFUN([DA_LIB_MISSING], [AC_MSG_ERROR(m4_normalize([$1 not found (Debian: $2);
	--disable-report builds the device side, which needs no library]))])
