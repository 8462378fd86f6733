#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L03: a failed call is recorded as failed, and leaves the old block where it was.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("l03.c", "-fno-builtin")
    limit = [] if target.qemu else ["limit"]  # qemu-user's own memory is not the program's
    test.ab(target, victim, test.path("ab-truth"), *limit)
    truth, report, _ = test.golden(target, victim, *limit)
    test.check_lossless(report)
    test.check_sites(report, truth)
    test.equal("failed calls", report["totals"]["failed_calls"], truth.values["failures"][0])
    got, _ = lib.group(report, ["make_old"])
    test.equal("the old block is live at the end", got["make_old"]["live_bytes"], 1000)
test.finish()
