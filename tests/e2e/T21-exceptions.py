#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T21: C++ exceptions through five frames with allocations in destructors, and new that fails.
import lib

test = lib.Test()
for target in test.targets("native", *lib.CROSS):
    if not target.cxx:
        test.note("no C++ compiler")
        continue
    victim = target.build("t21.cc", "-std=c++17", "-Wno-alloc-size-larger-than")
    a, _ = test.ab(target, victim, test.path("ab-truth"))
    test.equal("caught", a.text, "500 500 1000\n")
    for direct in (False, True):
        truth, report, _ = test.golden(target, victim, direct=direct)
        test.check_lossless(report)
        test.check_sites(report, truth)
        failed = {f["name"]: f["failed"] for f in report["functions"]}
        test.equal("failed calls of malloc", failed["malloc"], truth.values["failed"][0])
test.finish()
