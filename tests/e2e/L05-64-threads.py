#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L05: 64 threads x 10^5 blocks, most of them freed by another thread.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CPUS):
    victim = target.build("l05.c", "-pthread")
    blocks = "5000" if target.qemu else "100000"
    truth, report, run = test.golden(target, victim, "64", blocks)
    test.check_lossless(report)
    test.check_sites(report, truth)
    test.equal("blocks", truth.sum("alloc_calls"), 64 * int(blocks))
    mine = [t for t in report["threads"] if t["alloc_calls"] >= int(blocks)]
    test.equal("threads that made their part", len(mine), 64)
    test.note("%.1f s, %d repairs of the order" % (run.seconds, report["quality"]["order_repairs"]))
    if target.name in ("native", "mipsel"):
        truth, report, run = test.golden(target, victim, "64", "1000", direct=True)
        test.check_lossless(report)
        test.check_sites(report, truth)
test.finish()
