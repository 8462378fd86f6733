/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Where hash tables get their unpredictability from. */
#ifndef DA_DS_RANDOM_H
#define DA_DS_RANDOM_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/**
 * An odd 64-bit number, the same throughout a process and unknown to who made a recording, who
 * thus cannot choose keys that collide. Must influence running time only, never a result.
 */
uint64_t da_random_multiplier(void);

#endif
