/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The shim's beginning: at the process's first allocation, or in its constructor, whichever comes
 * first.
 */
#ifndef DA_PRELOAD_START_H
#define DA_PRELOAD_START_H

#include "base/types.h"

/**
 * Find the real allocator and begin recording, unless that has been done. Called while
 * da_real.malloc is NULL.
 * @return whether da_real can be used; if not, the boot heap must serve.
 */
bool da_start(void);

#endif
