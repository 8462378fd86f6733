/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Where control goes after a MIPS instruction (32-bit encodings, MIPS I to Release 6).
 *
 * Source: MIPS Architecture For Programmers Volume II-A, releases 5.04 and 6.06.
 */
#ifndef DA_UNWIND_MIPS_FLOW_H
#define DA_UNWIND_MIPS_FLOW_H

#include "unwind/mips/insn.h"

enum da_mips_flow_kind {
	DA_MIPS_PLAIN = 0, /**< on to the next instruction */
	DA_MIPS_CALL, /**< ra is written; usually it comes back */
	DA_MIPS_BRANCH, /**< conditionally to the target */
	DA_MIPS_JUMP, /**< to the target */
	DA_MIPS_JUMP_REGISTER, /**< to where reg says */
};

struct da_mips_flow {
	uint8_t kind; /**< enum da_mips_flow_kind */
	uint8_t reg; /**< of JUMP_REGISTER */
	bool slot; /**< the next instruction is executed first */
	bool likely; /**< of BRANCH: that instruction is executed only when it is taken */
	da_addr target; /**< of BRANCH and JUMP */
};

/** What instruction @i at @pc does. */
void da_mips_flow_read(const struct da_mips_text *text, da_addr pc, uint32_t i,
		       struct da_mips_flow *out);

#endif
