/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Writing to a thread's stream which modules come and go. */
#ifndef DA_PRELOAD_MODULES_TELL_H
#define DA_PRELOAD_MODULES_TELL_H

#include "base/types.h"
#include "preload/image.h"
#include "preload/thread.h"
#include "unwind/module.h"

/** Bytes of a path that are recorded, with a NUL. */
#define DA_MODULES_TELL_PATH_BYTES 4096u

/** A module to tell of. */
struct da_modules_tell {
	const struct da_module *module;
	const struct da_image *image;
	const char *path; /**< as the dynamic linker has it; not used for the executable */
	uint8_t role; /**< DA_MODULE_LIBRARY... (codec/format.h) */
};

/**
 * Tell of a module that is there from now on. One thread at a time; its lease is entered.
 * @return false when the lease was lost: nothing was written.
 */
bool da_modules_tell_load(struct da_thread *t, const struct da_modules_tell *what);

/** Tell that module @id is gone. @return as da_modules_tell_load(). */
bool da_modules_tell_unload(struct da_thread *t, uint32_t id);

#endif
