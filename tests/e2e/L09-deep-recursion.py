#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L09: stacks deeper than the cap are cut there, and say so.
import lib

test = lib.Test()


def check(target, victim, cap, **kw):
    truth, report, _ = test.golden(target, victim, **kw)
    test.check_lossless(report)
    test.check_sites(report, truth)
    deep = [s for s in report["sites"] if "deep" in lib.functions(s)]
    cut = [s for s in deep if "main" not in lib.functions(s)]
    # all of them came through the same recursive call, so what is kept of them is the same
    test.equal("blocks with a cut stack", sum(s["alloc_calls"] for s in cut), 10)
    test.ok(not any(s["complete"] for s in cut), "they are marked incomplete")
    lengths = {len([f for f in s["stack"] if not f["inlined"]]) for s in cut}
    test.equal("their depth", lengths, {cap})
    test.ok(report["quality"]["stacks_truncated"] >= len(cut), "the quality section counts them")
    shallow = [s for s in report["sites"] if "shallow" in lib.functions(s)]
    if target.name != "musl":  # whose libc has no unwind tables
        test.ok(all(s["complete"] for s in shallow), "the other stacks are complete")


for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("l09.c")
    check(target, victim, 256)
    if not target.qemu:
        check(target, victim, 20, options=["--depth", "20"])
    check(target, victim, 33, direct=True, env={"DUMPALLOC_DEPTH": "33"})
test.finish()
