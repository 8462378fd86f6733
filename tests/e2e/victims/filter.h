/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seccomp filters without <linux/filter.h> and <linux/seccomp.h>, which a musl compiler may not find. */
#ifndef FILTER_H
#define FILTER_H

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define FILTER_MAX 40
#define FILTER_ALLOW 0x7fff0000u
#define FILTER_KILL 0u
#define FILTER_EPERM 0x00050001u

struct filter_instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t k;
};

/* The @n calls @numbers are answered with @theirs, all others with @others. @return 0: it is on. */
static inline int filter_put_on(const int *numbers, unsigned n, uint32_t theirs, uint32_t others)
{
	struct filter_instruction code[2 * FILTER_MAX + 2];
	struct {
		unsigned short n;
		struct filter_instruction *code;
	} program = {(unsigned short)(2 * n + 2), code};

	code[0] = (struct filter_instruction){0x20, 0, 0, 0}; /* BPF_LD | BPF_W | BPF_ABS: the number */
	for (unsigned i = 0; i < n; i++) {
		/* BPF_JMP | BPF_JEQ, BPF_RET */
		code[1 + 2 * i] = (struct filter_instruction){0x15, 0, 1, (uint32_t)numbers[i]};
		code[2 + 2 * i] = (struct filter_instruction){0x06, 0, 0, theirs};
	}
	code[2 * n + 1] = (struct filter_instruction){0x06, 0, 0, others};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(22 /* PR_SET_SECCOMP */, 2, &program);
}

#endif
