/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The general registers, as far as they follow from sp, s8, s1 and ra at a starting point. */
#ifndef DA_UNWIND_MIPS_TRACK_H
#define DA_UNWIND_MIPS_TRACK_H

#include "unwind/mips/insn.h"

/** What a register's value is relative to. */
enum da_mips_known {
	DA_MIPS_UNKNOWN = 0,
	DA_MIPS_CONST, /**< the value itself */
	DA_MIPS_SP0, /**< sp at the start + value */
	DA_MIPS_S80, /**< s8 at the start + value */
	DA_MIPS_RA0, /**< ra at the start (value 0) */
	DA_MIPS_S10, /**< s1 at the start (value 0) */
};

/** The state; registers that were loaded or computed otherwise are unknown. */
struct da_mips_track {
	uint8_t known[32]; /**< enum da_mips_known */
	int32_t value[32];
};

/** The starting point: only zero, sp, s8, s1 and ra are known. */
void da_mips_track_init(struct da_mips_track *t);

/** Declare register @reg to be @known + @value. Writes to the register zero are dropped. */
void da_mips_track_set(struct da_mips_track *t, unsigned reg, enum da_mips_known known,
		       int32_t value);

/**
 * Execute instruction @i, one that is no jump, branch or call, upon the state. Whatever is not
 * lui, ori, (d)addi(u), (d)addu, (d)subu or a move makes its target unknown.
 */
void da_mips_track_step(struct da_mips_track *t, uint32_t i);

/** A call: the registers that a callee need not keep become unknown; sp, gp, s0-s8 stay. */
void da_mips_track_call(struct da_mips_track *t);

#endif
