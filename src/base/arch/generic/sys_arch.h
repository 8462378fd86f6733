/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A CPU that nobody has written this file for yet: see x86_64/sys_arch.h. */
#ifndef DA_BASE_ARCH_SYS_ARCH_H
#define DA_BASE_ARCH_SYS_ARCH_H

#error "no raw system call for this CPU: add src/base/arch/<cpu>/sys_arch.h"

#endif
