#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T14: malloc and free are no cancellation points; cancelling is as it is untraced.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("t14.c", "-pthread")
    a, _ = test.ab(target, victim, test.path("ab-truth"))
    test.ok(a.text.startswith("deferred: cancelled, to its end: 1\n"), "the thread ran to its end")
    for direct in (False, True):
        truth, report, _ = test.golden(target, victim, direct=direct)
        test.check_lossless(report)
        test.check_sites(report, truth)
test.finish()
