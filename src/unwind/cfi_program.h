/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The interpreter of call frame instructions (DWARF 5, section 6.4.2), for the registers that rules
 * need.
 */
#ifndef DA_UNWIND_CFI_PROGRAM_H
#define DA_UNWIND_CFI_PROGRAM_H

#include "unwind/cfi.h"

/** How a register of the caller is recovered. */
enum da_cfi_how {
	DA_CFI_SAME = 0, /**< unchanged */
	DA_CFI_UNDEFINED, /**< cannot be recovered; for the return address: outermost frame */
	DA_CFI_AT_CFA, /**< [CFA + offset] */
	DA_CFI_AT_FP, /**< [fp + offset] */
	DA_CFI_OTHER, /**< some other way, which rules cannot express */
};

/** How the CFA is computed. */
enum da_cfi_cfa {
	DA_CFI_CFA_NONE = 0,
	DA_CFI_CFA_REGISTER, /**< register + offset */
	DA_CFI_CFA_DEREF, /**< [register + offset] */
	DA_CFI_CFA_PLT, /**< sp + a word, and another from byte @offset on of each 16 */
};

/** The registers of the caller that rules need. */
enum da_cfi_wanted {
	DA_CFI_RA,
	DA_CFI_FP,
	DA_CFI_WANTED
};

/** One row of the table that the instructions describe, reduced to what rules need. */
struct da_cfi_row {
	int32_t cfa_offset;
	/** Of the wanted registers, where enum da_cfi_how has one. */
	int32_t offset[DA_CFI_WANTED];
	uint8_t how[DA_CFI_WANTED]; /**< enum da_cfi_how */
	uint8_t cfa; /**< enum da_cfi_cfa */
	uint8_t cfa_register; /**< DWARF number, or DA_CFI_STRANGE */
};

/** What a CIE says (LSB 5.0 Core, 10.6.1.1). */
struct da_cfi_cie {
	uint64_t code_align;
	int64_t data_align;
	uint64_t ra_register;
	/** Encoding of addresses in its FDEs. */
	uint8_t encoding;
	bool signal;
	/** FDEs have an augmentation length (augmentation text begins with 'z'). */
	bool augmented;
	/** The initial instructions; running them uses them up. */
	struct da_cursor program;
};

/**
 * Run the initial instructions of @cie, then those at @program, which describe code from the
 * address range[0] on, up to the row for the address range[1].
 * @return false when an instruction is unknown or cut, or states are remembered too deep.
 */
bool da_cfi_program_run(const struct da_cfi *cfi, struct da_cfi_cie *cie, struct da_cursor *program,
			const da_addr range[2], struct da_cfi_row *row_out);

#endif
