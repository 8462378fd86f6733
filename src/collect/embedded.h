/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DA_COLLECT_EMBEDDED_H
#define DA_COLLECT_EMBEDDED_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <stddef.h>

/**
 * The shim, libdumpalloc.so, stripped, as it is to be written to a file for LD_PRELOAD: an ELF
 * shared object for the machine the tool was built for. Read-only, 16-byte aligned,
 * da_embedded_shim_size bytes.
 */
extern const unsigned char da_embedded_shim[];

/** Bytes in da_embedded_shim; never 0. */
extern const size_t da_embedded_shim_size;

#endif
