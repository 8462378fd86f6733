/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Whether, and how, the recorded program may take its order keys from the CPU's counter. */
#ifndef DA_COLLECT_TICKS_H
#define DA_COLLECT_TICKS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"
#include "codec/order.h"

/**
 * Set o->has_ticks and o->shift: the counter is there, the kernel holds that it is the same on all
 * cores (then it offers it as a clock source), and its rate could be measured. Takes 50 us.
 */
void da_ticks_configure(struct da_order *o);

#endif
