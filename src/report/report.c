/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/report.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>

const char *const da_report_key_words[] = { "peak", "leaked", "bytes", "calls", "temporary", NULL };

uint64_t da_report_site_value(const struct da_model_site *site, enum da_report_key key)
{
	switch (key) {
	case DA_REPORT_KEY_LEAKED: return site->live_bytes;
	case DA_REPORT_KEY_BYTES: return site->alloc_bytes;
	case DA_REPORT_KEY_CALLS: return site->alloc_calls;
	case DA_REPORT_KEY_TEMPORARY: return site->temporary_blocks;
	default: return site->peak_bytes;
	}
}

const char *da_report_machine(uint32_t machine, char buf[32])
{
	switch (machine) {
	case EM_386: return "i386";
	case EM_X86_64: return "x86_64";
	case EM_ARM: return "arm";
	case EM_AARCH64: return "aarch64";
	case EM_MIPS: return "mips";
	case EM_PPC: return "powerpc";
	case EM_PPC64: return "powerpc64";
	case EM_RISCV: return "riscv";
	case EM_S390: return "s390";
	case EM_SPARC: return "sparc";
	case EM_SPARCV9: return "sparc64";
	case 0: return "unknown";
	default: snprintf(buf, 32, "elf-machine-%" PRIu32, machine); return buf;
	}
}

const char *da_report_sampling(const struct da_model *m, char buf[DA_REPORT_SAMPLING])
{
	buf[0] = '\0';
	if (m->sample_bytes)
		snprintf(buf, DA_REPORT_SAMPLING,
			 "sampled every %" PRIu32
			 " bytes on average: costs of stacks are estimates",
			 m->sample_bytes);
	return buf;
}

const char *da_report_end(const struct da_model_quality *q, char buf[DA_REPORT_END])
{
	if (!q->has_end)
		return "unknown";
	switch (q->end) {
	case DA_END_EXIT: snprintf(buf, DA_REPORT_END, "exit %" PRIu64, q->end_value); return buf;
	case DA_END_SIGNAL:
		snprintf(buf, DA_REPORT_END, "signal %" PRIu64, q->end_value);
		return buf;
	case DA_END_EXEC: return "exec";
	default: return "unknown";
	}
}

struct da_callsite_machine da_report_callsite(const struct da_header *h)
{
	return (struct da_callsite_machine){ .machine = h->machine, .elf_flags = h->elf_flags };
}

struct da_text da_report_program(const struct da_header *h)
{
	uint32_t start = h->program.len;

	while (start > 0 && h->program.bytes[start - 1] != '/')
		start--;
	return (struct da_text){ h->program.bytes + start, h->program.len - start };
}
