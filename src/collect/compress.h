/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Blocks made smaller, with zstd where it was built in. */
#ifndef DA_COLLECT_COMPRESS_H
#define DA_COLLECT_COMPRESS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** record's --compress. */
enum da_compress_level {
	DA_COMPRESS_NONE,
	DA_COMPRESS_FAST, /**< zstd level 1, about 0.9 MB of memory */
	DA_COMPRESS_BEST, /**< zstd level 12 */
};

/** Whether zstd is built in. */
bool da_compress_is_available(void);

struct da_compressor;

/** Fails when zstd is not built in and @level is not NONE. */
bool da_compressor_create(enum da_compress_level level, struct da_compressor **out,
			  struct da_err *err);

/** Free. NULL is taken. */
void da_compressor_destroy(struct da_compressor *z);

/**
 * One zstd frame (window <= 2^18, no dictionary) of @n bytes at @in into @out, of @room bytes.
 * @return its length, or 0 when it would not be shorter than @room, or with NONE.
 */
size_t da_compressor_run(struct da_compressor *z, const void *in, size_t n, void *out, size_t room);

#endif
