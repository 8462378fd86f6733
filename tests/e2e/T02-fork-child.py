#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T02: the parent's recording knows nothing of its child; with --follow-forks the child has its own.
import glob
import os

import lib

test = lib.Test()


def check_parent(truth, report):
    test.check_lossless(report)
    test.check_sites(report, truth)
    got, _ = lib.group(report, ["in_child"])
    test.equal("the child's blocks in the parent's recording", got, {})


def check_child(target, victim, how):
    """With -f: the child's blocks in a recording of its own, exactly."""
    child_truth, pattern = test.path("child-truth"), test.path("follow.%p.dalloc")
    r = target.record(pattern, victim, test.path("truth"), how, child_truth, options=["-f"])
    test.equal("status", r.status, 0)
    reports = [test.report(f) for f in glob.glob(test.path("follow.*.dalloc"))]
    test.equal("recordings", len(reports), 2)
    child = [d for d in reports if d["process"]["parent_pid"]]
    test.equal("of a child", len(child), 1)
    parent = [d for d in reports if not d["process"]["parent_pid"]][0]
    check_parent(lib.Truth(test.path("truth")), parent)
    child, want = child[0], lib.Truth(child_truth)
    test.check_sites(child, want)
    test.equal("lost by the child", sum(child["quality"]["events_lost"].values()), 0)
    test.equal("its end", child["process"]["end"] in ("exit 7", "unknown"), True)
    got, _ = lib.group(child, ["in_parent"])
    test.equal("the parent's later blocks in the child's recording", got, {})
    for f in glob.glob(test.path("follow.*.dalloc")):
        os.unlink(f)


for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("t02.c")
    for how in ("exit", "_exit"):
        truth, report, _ = test.golden(target, victim, how, test.path("child-truth"))
        check_parent(truth, report)
        truth, report, _ = test.golden(target, victim, how, test.path("child-truth"), direct=True)
        check_parent(truth, report)
        if not target.qemu:
            check_child(target, victim, how)
test.finish()
