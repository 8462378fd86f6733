/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** An error as text for people, needing no allocation. */
#ifndef DA_BASE_ERR_H
#define DA_BASE_ERR_H

#include "base/types.h"

/** Bytes of error text kept, with the NUL. Longer texts are cut. */
#define DA_ERR_TEXT 1024

/**
 * What went wrong: attempt, object, reason. Owned by the caller, who may declare it without
 * initialising it; its content means something only after a function has returned false.
 */
struct da_err {
	/** Lower-case, no full stop, e.g. "cannot open out.dalloc: permission denied". */
	char text[DA_ERR_TEXT];
};

/**
 * Store a formatted text (conversions: see da_fmt()).
 * @err may be NULL: then nothing is stored.
 * @return always false, so that callers can `return da_err_set(...)`.
 */
bool da_err_set(struct da_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * Put "formatted text: " (cut at 253 bytes) before the text already in @err. @return always false.
 */
bool da_err_prefix(struct da_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
