/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DA_CMD_RECORD_H
#define DA_CMD_RECORD_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/options.h"

/** dumpalloc record: start a program and record its heap. */
extern const struct da_command da_command_record;

#endif
