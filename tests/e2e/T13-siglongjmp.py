#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T13: a handler leaves malloc by siglongjmp(): what comes after is exact, on each level of the stack.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    allocator = target.build("t13alloc.c", "-shared", "-fPIC", "-fno-builtin", name="libt13alloc.so")
    victim = target.build("t13.c", "-fno-builtin", allocator)
    for where in ("shallow", "deep"):
        for direct in (False, True):
            truth, report, _ = test.golden(target, victim, where, options=["--force"], direct=direct)
            test.check_sites(report, truth)
            lost = sum(report["quality"]["events_lost"].values())
            test.ok(lost <= 1, "%s: %d lost" % (where, lost))
test.finish()
