/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Numbers from the environment. */
#ifndef DA_PRELOAD_QUANTITY_H
#define DA_PRELOAD_QUANTITY_H

#include "base/types.h"

/**
 * Parse decimal digits with an optional k, M or G (powers of 1024).
 * @return false, @v_out unchanged, for anything else or more than 64 bits.
 */
bool da_quantity_parse(const char *text, uint64_t *v_out);

#endif
