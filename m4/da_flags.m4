dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_ADD_CFLAG(VARIABLE, FLAG...): append each flag that the compiler takes without a warning.
AC_DEFUN([DA_ADD_CFLAG], [
m4_foreach_w([da_flag], [$2], [
	AS_VAR_PUSHDEF([da_cache], [da_cv_cflag_]da_flag)
	AC_CACHE_CHECK([whether $CC takes da_flag], [da_cache], [
		da_saved_cflags=$CFLAGS
		CFLAGS="$CFLAGS -Werror da_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM], [AS_VAR_SET([da_cache], [yes])],
			[AS_VAR_SET([da_cache], [no])])
		CFLAGS=$da_saved_cflags
	])
	AS_VAR_IF([da_cache], [yes], [$1="$$1 da_flag"])
	AS_VAR_POPDEF([da_cache])
])])

dnl DA_FLAGS: WARN_CFLAGS for all, TOOL_CFLAGS and TOOL_LDFLAGS for the executable, SHIM_CFLAGS
dnl for the objects of the shim. The shim's flags are appended after the user's CFLAGS, because a
dnl stack protector, a sanitizer or fortified calls would give it undefined symbols.
AC_DEFUN([DA_FLAGS], [
DA_ADD_CFLAG([WARN_CFLAGS], [-Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla])

AS_IF([test "x$enable_static_tool" = xyes], [TOOL_LDFLAGS=-static],
	[TOOL_CFLAGS=-fPIE
	TOOL_LDFLAGS=-pie])
DA_ADD_CFLAG([TOOL_CFLAGS], [-fstack-protector-strong])
TOOL_LDFLAGS="$TOOL_LDFLAGS -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
dnl Fortified calls need the optimiser and make no sense below a sanitizer.
AS_CASE([" $CFLAGS "], [*-fsanitize=*], [], [*" -O0 "*], [], [*" -O"*],
	[TOOL_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])

SHIM_CFLAGS="-ffunction-sections -fdata-sections -fPIC -O2 -g -fvisibility=hidden -ffreestanding -fno-builtin -fno-exceptions"
SHIM_CFLAGS="$SHIM_CFLAGS -fno-stack-protector -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0"
SHIM_CFLAGS="$SHIM_CFLAGS -fasynchronous-unwind-tables -fno-omit-frame-pointer -ftls-model=initial-exec"
dnl AArch64: the helpers of outlined atomics ask libc for __getauxval.
DA_ADD_CFLAG([SHIM_CFLAGS], [-mno-outline-atomics -fno-tree-loop-distribute-patterns
	-fno-lto -fno-sanitize=all -Wstack-usage=512])

AC_SUBST([WARN_CFLAGS])
AC_SUBST([TOOL_CPPFLAGS])
AC_SUBST([TOOL_CFLAGS])
AC_SUBST([TOOL_LDFLAGS])
AC_SUBST([SHIM_CFLAGS])
])
