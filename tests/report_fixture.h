/* SPDX-License-Identifier: GPL-3.0-or-later */
/** A small fabricated recording with names, for the tests of the writers. */
#ifndef DA_TESTS_REPORT_FIXTURE_H
#define DA_TESTS_REPORT_FIXTURE_H

#include <stdio.h>

#include "report/report.h"

/** What the fake symbols layer knows of one address. */
struct fixture_name {
	const char *module; /**< path */
	uint64_t vaddr;
	struct da_symbols_frame frames[3];
	size_t n_frames;
};

/** The names, until the next call; ended by a NULL module. */
void fixture_set_names(const struct fixture_name *names);

/**
 * A program of two threads that allocates, leaks, frees elsewhere, recurses, calls inlined
 * functions, wrappers and a library without names. Free with fixture_close().
 */
void fixture_open(struct da_report *r);

/** The same calls without any stack. */
void fixture_open_stackless(struct da_report *r);

/** A program recorded with --sample=2048 --min-size=16. */
void fixture_open_sampled(struct da_report *r);

/** Two blocks that one line of keep() got, the first through strdup(), the other through @second. */
void fixture_open_wrappers(struct da_report *r, const char *second);

/** A program all of whose texts are @evil (@len bytes). */
void fixture_open_evil(struct da_report *r, const char *evil, size_t len);

void fixture_close(struct da_report *r);

/** What @write writes, NUL-terminated; free() it. */
char *fixture_render(void (*write)(const struct da_report *r, FILE *out), const struct da_report *r,
		     size_t *len_out);

#endif
