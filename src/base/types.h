/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Integer types with a meaning, shared by every layer. */
#ifndef DA_BASE_TYPES_H
#define DA_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * An address in the traced process, zero-extended: 64 bits whatever the target's word size, so that
 * a recording of a 32-bit device means the same on a 64-bit PC.
 */
typedef uint64_t da_addr;

#endif
