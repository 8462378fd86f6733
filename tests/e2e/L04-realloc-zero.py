#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L04: realloc(p, 0) frees with glibc, and hands out a block of no bytes with musl.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    times = "10000" if target.qemu else "100000"
    victim = target.build("l04.c", "-fno-builtin")
    test.ab(target, victim, test.path("ab-truth"), times)
    truth, report, _ = test.golden(target, victim, times)
    test.check_lossless(report)
    test.check_sites(report, truth)
    live = int(times) if target.name == "musl" else 0
    test.equal("live blocks", report["totals"]["live_blocks"], live)
    test.equal("live bytes", report["totals"]["live_bytes"], 0)
    test.equal("failed calls", report["totals"]["failed_calls"], 0)
test.finish()
