#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T08: the program's descriptors are its own: the first it opens is 3, and it may take them all.
import lib

test = lib.Test()
for target in test.targets("native", "musl"):
    victim = target.build("t08.c")
    a, _ = test.ab(target, victim, test.path("ab-truth"))
    test.ok(b"first open: 3\n" in a.out, "the first open() gives 3")
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    test.check_sites(report, truth)
test.finish()
