#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T20: coroutines, alternate signal stacks and a stack pointer that moved far: nothing breaks, each event is
# there, and a stack that is not the thread's is said to be so.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("t20.c")
    test.ab(target, victim, test.path("ab-truth"))
    for direct in (False, True):
        truth, report, _ = test.golden(target, victim, direct=direct)
        test.check_lossless(report)
        test.check_sites(report, truth)
        foreign = sum(m["stopped_stacks"].get("foreign_stack", 0) for m in report["modules"])
        test.ok(foreign > 0, "%d stacks that are not the thread's are flagged" % foreign)
        moved = [s for s in report["sites"] if "in_moved" in lib.functions(s)]
        # where the CPU's stacks are found at all
        test.ok(moved and all("main" in lib.functions(s) for s in moved),
                "the far stack reaches main: %s" % [lib.functions(s) for s in moved][:1])
test.finish()
