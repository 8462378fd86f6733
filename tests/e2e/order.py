#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Blocks, and addresses, that go from thread to thread as fast as they can: their events are in order.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("order.c", "-pthread")
    for threads, rounds in ((2, 250000), (3, 80000), (8, 20000)):
        test.prefix = "%s, %d threads: " % (target.name, threads)
        if target.qemu:
            rounds //= 100
        for direct in (False, True):
            truth, report, run = test.golden(target, victim, str(threads), str(rounds), direct=direct)
            test.check_lossless(report)
            test.check_sites(report, truth)
            test.equal("repairs of the order", report["quality"]["order_repairs"], 0)
            if target.qemu:
                break
test.finish()
