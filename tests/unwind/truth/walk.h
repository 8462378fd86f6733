/* SPDX-License-Identifier: GPL-3.0-or-later */
/** What probe.c, in the program, hands to shadow.c, in the emulator. */
#ifndef DA_TESTS_UNWIND_TRUTH_WALK_H
#define DA_TESTS_UNWIND_TRUTH_WALK_H

#include <stdint.h>

/** li zero, 0x7a51: does nothing, and no compiler writes it. At its address $4 points to a walk. */
#define TRUTH_MARK 0x24007a51

/** Most frames of one walk. */
#define TRUTH_DEPTH 1024

/** One walk; all numbers in the program's byte order. */
struct truth_walk {
	/** The caller's sp at the call, by which the emulator finds the same call. */
	uint64_t sp;
	/** enum da_unwind_end */
	uint64_t end;
	/** AT_ENTRY: what lies behind it is no part of the stack that matters. */
	uint64_t entry;
	uint64_t n;
	struct {
		uint64_t pc;
		/** 1: an interrupted instruction */
		uint64_t exact;
	} frames[TRUTH_DEPTH];
};

#endif
