dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_HOST_ARCH: the folder name of the host CPU's files (src/base/arch/NAME, src/unwind/NAME) in
dnl $DA_ARCH: x86_64, i386, aarch64, arm, mips (o32, n32, n64), riscv (32 and 64 bits), else generic.
dnl Conditionals ARCH_X86_64, ...
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
#if !defined __mips__
#error other
#endif
	]])], [da_cv_arch=mips])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __i386__
#error other
#endif
	]])], [da_cv_arch=i386])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !(defined __arm__ && defined __ARM_EABI__)
#error other
#endif
	]])], [da_cv_arch=arm])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __riscv
#error other
#endif
	]])], [da_cv_arch=riscv])
])
DA_ARCH=$da_cv_arch
AC_SUBST([DA_ARCH])
AM_CONDITIONAL([ARCH_X86_64], [test "$DA_ARCH" = x86_64])
AM_CONDITIONAL([ARCH_AARCH64], [test "$DA_ARCH" = aarch64])
AM_CONDITIONAL([ARCH_MIPS], [test "$DA_ARCH" = mips])
AM_CONDITIONAL([ARCH_I386], [test "$DA_ARCH" = i386])
AM_CONDITIONAL([ARCH_ARM], [test "$DA_ARCH" = arm])
AM_CONDITIONAL([ARCH_RISCV], [test "$DA_ARCH" = riscv])
AM_CONDITIONAL([ARCH_GENERIC], [test "$DA_ARCH" = generic])
])
