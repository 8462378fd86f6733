#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L10: PTHREAD_STACK_MIN threads and a MINSIGSTKSZ signal stack; the shim needs 512 bytes of stack.
import re

import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("l10.c", "-pthread")
    test.ab(target, victim, test.path("ab-truth"))
    target.plain(victim, test.path("ab-truth"))
    before = lib.Truth(test.path("ab-truth")).values["stack_used"][0]
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    test.check_sites(report, truth)
    used = truth.values["stack_used"][0]
    test.note("a thread's first calls use %d bytes of stack, untraced %d" % (used, before))
with open(lib.BUILD + "/Makefile") as f:
    flags = re.search(r"^SHIM_CFLAGS = (.*)", f.read(), re.M).group(1)
test.ok("-Wstack-usage=512" in flags, "the shim is compiled with -Wstack-usage=512")
test.finish()
