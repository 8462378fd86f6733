/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entry of live.c, apart, as it has to be position-independent and the rest need not be. */
#include "entry.h"

DA_ENTRY(probe)
