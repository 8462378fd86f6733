/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What becomes of recording in a child of fork. */
#ifndef DA_PRELOAD_CHILD_H
#define DA_PRELOAD_CHILD_H

#include "base/types.h"

/** Ask the libc to call us in children of fork, for kernels that cannot wipe the gate. */
void da_child_init(void);

/**
 * Recording is off: is that because this process is a fresh child that shall be recorded? Then it
 * begins its own stream.
 * @return whether recording is on now.
 */
bool da_child_continues(void);

#endif
