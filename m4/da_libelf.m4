dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DA_LIBELF: ELF_LIBS (elfutils' libelf).
AC_DEFUN([DA_LIBELF], [
DA_LIB([libelf], [-lelf], [[#include <gelf.h>]], [[return elf_version(EV_CURRENT) == EV_NONE;]],
	[ELF_LIBS=-lelf], [DA_LIB_MISSING([libelf], [libelf-dev])])
AC_SUBST([ELF_LIBS])
])
