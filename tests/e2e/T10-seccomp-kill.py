#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T10: under a seccomp filter that kills for nearly every system call the program lives, and all is recorded.
# Without a recorder the shim itself writes the file, which such a filter does not allow: not tested.
import lib

test = lib.Test()
for target in test.targets("native", "musl"):  # qemu-user has no seccomp
    victim = target.build("t10.c")
    if target.plain(victim, test.path("plain-truth")).status == 77:
        test.note("no seccomp here")
        continue
    truth, report, _ = test.golden(target, victim, options=["--force"])
    test.check_lossless(report)
    # the walk of generated code ends there: by_generated is not on those stacks
    want = truth.sites.pop("by_generated")
    others = test.check_sites(report, truth)
    got = sum(s["alloc_calls"] for s in others if s["alloc_bytes"] == 33 * s["alloc_calls"])
    test.equal("from generated code", got, want["alloc_calls"])
test.finish()
