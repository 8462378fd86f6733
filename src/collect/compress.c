/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collect/compress.h"

#include <stdlib.h>

#include "ds/mem.h"
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#define LEVEL_FAST 1
#define LEVEL_BEST 12
#define WINDOW_LOG 18

#ifdef HAVE_ZSTD

struct da_compressor {
	ZSTD_CCtx *context; /* NULL: no compression */
};

bool da_compress_is_available(void)
{
	return true;
}

bool da_compressor_create(enum da_compress_level level, struct da_compressor **out,
			  struct da_err *err)
{
	struct da_compressor *z = da_xcalloc(1, sizeof *z);
	int number = level == DA_COMPRESS_BEST ? LEVEL_BEST : LEVEL_FAST;

	*out = z;
	if (level == DA_COMPRESS_NONE)
		return true;
	z->context = ZSTD_createCCtx();
	if (!z->context) {
		da_compressor_destroy(z);
		return da_err_set(err, "cannot make a compressor: out of memory");
	}
	ZSTD_CCtx_setParameter(z->context, ZSTD_c_compressionLevel, number);
	ZSTD_CCtx_setParameter(z->context, ZSTD_c_windowLog, WINDOW_LOG);
	ZSTD_CCtx_setParameter(z->context, ZSTD_c_contentSizeFlag, 1);
	return true;
}

void da_compressor_destroy(struct da_compressor *z)
{
	if (z)
		ZSTD_freeCCtx(z->context);
	free(z);
}

size_t da_compressor_run(struct da_compressor *z, const void *in, size_t n, void *out, size_t room)
{
	size_t len;

	if (!z->context || !n)
		return 0;
	len = ZSTD_compress2(z->context, out, room, in, n);
	return ZSTD_isError(len) || len >= room ? 0 : len;
}

#else

struct da_compressor {
	char none;
};

bool da_compress_is_available(void)
{
	return false;
}

bool da_compressor_create(enum da_compress_level level, struct da_compressor **out,
			  struct da_err *err)
{
	if (level != DA_COMPRESS_NONE)
		return da_err_set(err, "cannot compress: this dumpalloc was built without zstd");
	*out = da_xcalloc(1, sizeof **out);
	return true;
}

void da_compressor_destroy(struct da_compressor *z)
{
	free(z);
}

size_t da_compressor_run(struct da_compressor *z, const void *in, size_t n, void *out, size_t room)
{
	(void)z, (void)in, (void)n, (void)out, (void)room;
	return 0;
}

#endif
