/* SPDX-License-Identifier: GPL-3.0-or-later */
/** From a recorded return address to the call instruction before it, machine by machine. */
#ifndef DA_REPORT_CALLSITE_H
#define DA_REPORT_CALLSITE_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/types.h"

/** What decides how far before a return address its call begins. */
struct da_callsite_machine {
	uint32_t machine; /**< ELF e_machine */
	uint32_t elf_flags; /**< ELF e_flags of the executable */
};

/**
 * An address inside the instruction that a frame is executing: the one to look up.
 *
 * @addr: as recorded. @exact: it is an interrupted instruction's own address, not a return address.
 * - MIPS (System V ABI, MIPS supplement): jal and jalr return behind their delay slot: addr - 8. In
 *   MIPS16 and microMIPS code (bit 0 of the address) instructions have 2 or 4 bytes, and release 6
 *   calls mostly have no delay slot: bit 0 cleared, then - 4, which is in the call or its slot.
 * - ARM: bit 0 says Thumb and is no part of the address: cleared, then - 1.
 * - others: addr - 1, inside the call instruction whatever its length.
 * An @exact address loses its bit 0 on MIPS and ARM and is otherwise the result. 0 stays 0.
 */
da_addr da_callsite_address(const struct da_callsite_machine *m, da_addr addr, bool exact);

#endif
