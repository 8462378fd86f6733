#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T15: errno is as it was after each call that succeeds.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("t15.c", "-pthread", "-fno-builtin")
    a, b = test.ab(target, victim, test.path("ab-truth"))
    test.equal("what the traced program saw", b.text, "after a call that fails: 12\n")
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    test.check_sites(report, truth)
    truth, report, r = test.golden(target, victim, direct=True)
    test.equal("what it saw in direct mode", r.text, "after a call that fails: 12\n")
    test.check_lossless(report)
    test.check_sites(report, truth)
test.finish()
