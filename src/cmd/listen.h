/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DA_CMD_LISTEN_H
#define DA_CMD_LISTEN_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/options.h"

/** dumpalloc listen: receive recordings over the network. */
extern const struct da_command da_command_listen;

#endif
