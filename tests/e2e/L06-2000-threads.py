#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L06: 2000 threads at once on stacks of 16 KB: no crash, all exact; what it costs is printed.
import lib

test = lib.Test()
POOL_KB = 2048  # of record, by default
THREAD_KB = 12  # the most that a thread's own state may keep resident: two pages, and the odd third

for target in test.targets("native", "musl", "mipsel"):
    threads = "200" if target.qemu else "2000"
    victim = target.build("l06.c", "-pthread")
    untraced = test.path("truth-a")
    test.ab(target, victim, untraced, threads)
    target.plain(victim, untraced, threads)
    before = lib.Truth(untraced)
    truth, report, _ = test.golden(target, victim, threads)
    test.check_lossless(report)
    test.check_sites(report, truth)
    pid = report["process"]["pid"]
    test.equal("threads", sum(t["alloc_calls"] >= 11 and t["tid"] != pid
                              for t in report["threads"]), int(threads))
    rss, size = (truth.values[k][0] - before.values[k][0] for k in ("rss_kb", "size_kb"))
    test.note("%s threads: %d KB more resident, %d KB more mapped; pool %d KB"
              % (threads, rss, size, POOL_KB))
    if not target.qemu:
        test.ok(rss <= POOL_KB + THREAD_KB * int(threads),
                "the shim's memory is within the pool and %d KB per thread" % THREAD_KB)
test.finish()
