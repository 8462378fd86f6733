/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Before the start: is the program there, and can it be recorded? */
#ifndef DA_COLLECT_CHECK_H
#define DA_COLLECT_CHECK_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include <limits.h>

#include "base/err.h"
#include "base/types.h"
#include "collect/elf_peek.h"

/** What stands in the way of a recording. */
enum da_check_kind {
	DA_CHECK_FINE,
	DA_CHECK_NOT_FOUND, /**< no such program; exit status 127 */
	DA_CHECK_NOT_EXECUTABLE, /**< exit status 126 */
	DA_CHECK_STATIC, /**< nothing can be preloaded */
	DA_CHECK_PRIVILEGED, /**< the loader ignores LD_PRELOAD: setuid, setgid, capabilities */
	DA_CHECK_FOREIGN, /**< built for another machine or ABI than the shim */
	DA_CHECK_OWN_MALLOC, /**< malloc is inside the executable */
	DA_CHECK_SANITIZER, /**< would break under a preload: must not be started */
};

/** Most arguments that take the place of argv[0]. */
#define DA_CHECK_PREFIX 4

/** The findings. */
struct da_check {
	enum da_check_kind kind;
	char program[PATH_MAX]; /**< what was found: the program as the user knows it */
	/**
	 * What to execute: @program, unless that is a script beginning with "#!/usr/bin/env NAME".
	 * env(1) would execute NAME in its place, and the recording would end there, so NAME is
	 * looked for here, and @prefix (n_prefix of them) stands for argv[0], as env would have it.
	 */
	char path[PATH_MAX];
	char prefix[DA_CHECK_PREFIX][PATH_MAX];
	unsigned n_prefix;
	char binary[PATH_MAX]; /**< the ELF file looked at: @path, or a script's interpreter */
	struct da_elf_peek elf; /**< of @binary; is_elf false: it could not be read */
	bool starts_env; /**< env(1) is run all the same: it will replace itself */
};

/**
 * Look for @program as execvp() does and look at what is found.
 * @shim: the ELF header of the shim, to compare ABIs; is_elf false: not compared.
 * @why: when kind is not FINE: why, and what to do, as text ("it is linked statically, so …").
 */
void da_check_program(const char *program, const struct da_elf_peek *shim, struct da_check *out,
		      struct da_err *why);

#endif
