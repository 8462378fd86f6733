/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Rules from call frame information: .eh_frame found through .eh_frame_hdr.
 *
 * Source of the formats: LSB 5.0 Core, sections 10.6 (.eh_frame, .eh_frame_hdr); DWARF 5, section
 * 6.4 (instructions).
 */
#ifndef DA_UNWIND_CFI_H
#define DA_UNWIND_CFI_H

#include "unwind/cursor.h"
#include "unwind/rule.h"

/** A register that rules do not speak of, or that there is not. */
#define DA_CFI_STRANGE 255

/** DWARF register numbers that rules speak of (the psABI of each CPU). */
struct da_cfi_registers {
	uint8_t sp, fp;
	/** The link register, or DA_CFI_STRANGE where return addresses are pushed by the call. */
	uint8_t lr;
};

#define DA_CFI_X86_64 ((struct da_cfi_registers){ 7, 6, DA_CFI_STRANGE })
#define DA_CFI_AARCH64 ((struct da_cfi_registers){ 31, 29, 30 })
#define DA_CFI_I386 ((struct da_cfi_registers){ 4, 5, DA_CFI_STRANGE })
#define DA_CFI_RISCV ((struct da_cfi_registers){ 2, 8, 1 })
#define DA_CFI_MIPS ((struct da_cfi_registers){ 29, 30, 31 })

/** A module's call frame information. */
struct da_cfi {
	/** The segment(s) that hold both sections. */
	struct da_image image;
	/** PT_GNU_EH_FRAME. */
	da_addr hdr;
	size_t hdr_size;
	struct da_cfi_registers reg;
};

/**
 * Find the rule at the instruction @pc (for a return address: an address inside the call, so
 * usually the return address - 1).
 *
 * DA_RULE_NONE: there is no entry for @pc, it is damaged, or it says something a rule cannot
 * (expressions other than those of PLT entries and of realigned frames). DA_RULE_SIGNAL has no
 * offsets: a signal trampoline, whose layout the CPU's file knows. Reads nothing outside the image;
 * its time is bounded by the size of one entry.
 */
void da_cfi_find(const struct da_cfi *cfi, da_addr pc, struct da_rule *rule_out);

#endif
