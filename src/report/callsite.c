/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/callsite.h"

#include <elf.h>

/* e_flags of MIPS release 6; elf.h of 2022 has no names for them. */
#define MIPS_ARCH_32R6 0x90000000u
#define MIPS_ARCH_64R6 0xa0000000u

static bool is_mips_r6(const struct da_callsite_machine *m)
{
	uint32_t arch = m->elf_flags & EF_MIPS_ARCH;

	return arch == MIPS_ARCH_32R6 || arch == MIPS_ARCH_64R6;
}

static da_addr bytes_back(const struct da_callsite_machine *m, da_addr addr)
{
	if (m->machine != EM_MIPS)
		return 1;
	return (addr & 1) || is_mips_r6(m) ? 4 : 8;
}

da_addr da_callsite_address(const struct da_callsite_machine *m, da_addr addr, bool exact)
{
	bool has_isa_bit = m->machine == EM_MIPS || m->machine == EM_ARM;
	da_addr back = exact ? 0 : bytes_back(m, addr);
	da_addr plain = has_isa_bit ? addr & ~(da_addr)1 : addr;

	return plain > back ? plain - back : plain;
}
