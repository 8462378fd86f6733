/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the scanners need to know of MIPS16e instructions.
 *
 * Source: MIPS32 Architecture for Programmers Volume IV-a: The MIPS16e Application-Specific
 * Extension, revision 2.63. Addresses here are without the ISA bit, except where said.
 */
#ifndef DA_UNWIND_MIPS_MIPS16_H
#define DA_UNWIND_MIPS_MIPS16_H

#include "unwind/mips/flow.h"
#include "unwind/mips/track.h"

/**
 * The instruction at @pc: 16 bits, or 32 (extended, jal, jalx) with the first half on top.
 * 0, which is a harmless one, where it cannot be read.
 */
uint32_t da_mips16_at(const struct da_mips_text *text, da_addr pc);

/** Whether an instruction (of 2 bytes at least) can be read at @pc. */
bool da_mips16_has(const struct da_mips_text *text, da_addr pc);

/** Bytes of instruction @i: 2 or 4. */
static inline unsigned da_mips16_length(uint32_t i)
{
	return i > 0xffff ? 4 : 2;
}

/** What save and restore say. */
struct da_mips16_save {
	bool restores, has_ra;
	/** By how much sp moves. */
	int32_t size;
	/** Words from the CFA (sp before save, after restore) down to where s8 and s1 are; 0: they
	 * are not among the registers. ra is always the first word. */
	uint8_t s8_words, s1_words;
};

/** Whether @i is save or restore, and what it says. */
bool da_mips16_is_save(uint32_t i, struct da_mips16_save *out);

/** What instruction @i at @pc does to the flow; flow.h. A delay slot holds 2 bytes. */
void da_mips16_flow_read(da_addr pc, uint32_t i, struct da_mips_flow *out);

/** The address of the constant that @i at @pc loads from the text (lw rx, n(pc)); 0: none. */
da_addr da_mips16_constant(da_addr pc, uint32_t i);

/** Bytes from the call that returns to @pc, back from it (6: jal, 4: jalr, 2: jalrc); 0: none. */
unsigned da_mips16_call_before(const struct da_mips_text *text, da_addr pc);

/**
 * Execute instruction @i at @pc, no jump, save or restore, upon the state. What is not an addition,
 * a subtraction, a move, a shift of a constant, li or a constant from the text makes its target
 * unknown.
 */
void da_mips16_track_step(struct da_mips_track *t, const struct da_mips_text *text, da_addr pc,
			  uint32_t i);

#endif
