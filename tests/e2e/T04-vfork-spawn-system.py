#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T04: vfork, posix_spawn, system, popen; what a vfork child allocates is its parent's.
import lib

test = lib.Test()
for target in test.targets("native", "musl"):
    victim = target.build("t04.c", "-Wno-deprecated-declarations")
    a, _ = test.ab(target, victim, test.path("ab-truth"))
    test.ok(b"pclose" in a.out and b"-1" not in a.out, "the children ran")
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    test.check_sites(report, truth)
    test.equal("blocks of vfork children", truth.sites["in_vfork_child"]["alloc_calls"], 40)
test.finish()
