/* SPDX-License-Identifier: GPL-3.0-or-later */
/** A replay fed by a test's stream, for libcheck's checked fixtures. */
#ifndef DA_TESTS_REPLAYING_H
#define DA_TESTS_REPLAYING_H

#include <check.h>

#include "model/replay.h"
#include "stream.h"

/** What the test says goes here, and from here into @replay. */
extern struct stream st;
extern struct da_replay *replay;
extern struct da_err err;

/** Begin and end a test. */
void replaying_setup(void);
void replaying_teardown(void);

/** Begin again, with options. */
void replaying_restart(const struct da_model_options *options);

/** Let everything said have its turn. */
const struct da_model *replaying_finish(void);

/** Define a stack of three frames, @pc the innermost. @return its id. */
uint64_t replaying_stack(uint32_t thread, uintptr_t pc);

/** Everything that must hold between the numbers of any model. */
void replaying_check_sums(const struct da_model *m);

/** A program of one suite @name with the @n tests. @return its exit status. */
int replaying_run(const char *name, const TTest *const *tests, size_t n);

#endif
