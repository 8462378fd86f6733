#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L13: a library where another one was: each frame is in the right file, a thousand times.
import lib

test = lib.Test()


def check(target, times, place):
    libs = [target.build("l13lib.c", "-shared", "-fPIC", "-DNAME=" + n, *place, name="lib%s.so" % n)
            for n in "ab"]
    victim = target.build("l13.c", "-ldl")
    truth, report, _ = test.golden(target, victim, str(times), *libs)
    test.check_lossless(report)
    same = truth.values["same_address"][0]
    if target.name == "musl":  # never unmaps a library: the two stand side by side
        test.equal("times at the same address", same, 0)
    else:
        test.ok(same > times * 0.9, "%d of %d times at the same address" % (same, times))
    test.check_sites(report, truth)
    wrong = [f for s in report["sites"] for f in s["stack"]
             if f["function"] in ("alloc_in_a", "alloc_in_b")
             and f["module"] != libs[f["function"] == "alloc_in_b"]]
    test.equal("frames in the wrong file", wrong, [])


for target in test.targets("native", "musl", *lib.CROSS):
    times = 100 if target.qemu else 1000
    # linked for an address, as prelink does; qemu-user gives the others a new address each time
    check(target, times, ["-Wl,-Ttext-segment=0x30000000"])
    if not target.qemu:
        check(target, times, [])
test.finish()
