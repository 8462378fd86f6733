#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T05: children of a bare clone(): a copy's blocks are in no recording, those of one that shares the memory are.
import lib

test = lib.Test()
for target in test.targets("native", "musl"):  # qemu-user knows no CLONE_VM without CLONE_THREAD
    victim = target.build("t05.c")
    for how in ("copy", "shared"):
        truth, report, r = test.golden(target, victim, how, options=["--force"])
        test.equal("%s: children" % how, r.text, "200 children\n")
        test.check_lossless(report)
        test.check_sites(report, truth)
        if how == "copy":
            got, _ = lib.group(report, ["in_child"])
            test.equal("the copies' blocks", got, {})
test.finish()
