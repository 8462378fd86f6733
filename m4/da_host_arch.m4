dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_HOST_ARCH: the folder name of the host CPU's files (src/base/arch/NAME, src/unwind/NAME) in
dnl $DA_ARCH: x86_64, aarch64, mips (o32 only), else generic. Conditionals ARCH_X86_64, ...
AC_DEFUN([DA_HOST_ARCH], [
AC_CACHE_CHECK([for the folder of this CPU's files], [da_cv_arch], [
	da_cv_arch=generic
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !(defined __x86_64__ && defined __LP64__)
#error other
#endif
	]])], [da_cv_arch=x86_64])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !(defined __aarch64__ && defined __LP64__)
#error other
#endif
	]])], [da_cv_arch=aarch64])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !(defined __mips__ && defined _ABIO32 && _MIPS_SIM == _ABIO32)
#error other
#endif
	]])], [da_cv_arch=mips])
])
DA_ARCH=$da_cv_arch
AC_SUBST([DA_ARCH])
AM_CONDITIONAL([ARCH_X86_64], [test "$DA_ARCH" = x86_64])
AM_CONDITIONAL([ARCH_AARCH64], [test "$DA_ARCH" = aarch64])
AM_CONDITIONAL([ARCH_MIPS], [test "$DA_ARCH" = mips])
AM_CONDITIONAL([ARCH_GENERIC], [test "$DA_ARCH" = generic])
])
