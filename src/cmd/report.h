/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DA_CMD_REPORT_H
#define DA_CMD_REPORT_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "cmd/options.h"

/** dumpalloc report: say what a recording holds. */
extern const struct da_command da_command_report;

#endif
