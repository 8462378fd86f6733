#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T16: allocations under the dynamic linker's lock, and module scans while libraries come, fail to come, and go.
import os

import lib

test = lib.Test()
def check_truth(target, opener, broken):
    victim = target.build("t16.c", "-pthread", "-ldl")
    rounds = 100 if target.slow else 1000
    for mode in ("direct",) if target.qemu else ("record", "direct"):
        recording = test.path(mode + ".dalloc")
        run = target.direct if mode == "direct" else target.record
        r = run(recording, victim, str(rounds), opener, broken, hang=100)
        test.equal("%s: status" % mode, r.status, 0)
        test.equal("%s: what it saw" % mode, r.text,
                   "opened %d, called %d, failed %d, walked 1\n" % (rounds, rounds, rounds))
        report = test.report(recording)
        test.check_lossless(report)
        got, _ = lib.group(report, ["alloc_in_opener"])
        calls = got["alloc_in_opener"]["alloc_calls"] if got else 0
        # musl keeps a library that was closed: its constructor and destructor run once
        want = rounds + 2 if target.name == "musl" else 3 * rounds
        test.note("%s: %d of %d calls in the library have its name" % (mode, calls, want))
        test.ok(calls > want * 0.9, "%s: calls in the library are known" % mode)
        os.unlink(recording)


def check_truth_without(target, nocopy, opener, broken):
    """Where the kernel copies nothing, a look comes before each read."""
    victim, recording = target.build("t16.c", "-pthread", "-ldl"), test.path("r.dalloc")
    r = test.run([nocopy, lib.TOOL, "record", "-q", "-o", recording, "--", victim, "1000", opener, broken])
    test.equal("status", r.status, 0)
    report = test.report(recording)
    test.check_lossless(report)
    got, _ = lib.group(report, ["alloc_in_opener"])
    calls = got["alloc_in_opener"]["alloc_calls"] if got else 0
    test.ok(calls > 2700, "%d of 3000 calls in the library have its name" % calls)


def check_race(target, broken):
    """What the linker takes back without telling: the scans' reads must not fault."""
    victim = target.build("failrace.c", "-pthread", "-ldl")
    recording = test.path("race.dalloc")
    r = target.record(recording, victim, "4", broken, options=["--force"], hang=100)
    test.equal("race: status", r.status, 0)
    test.equal("race: it came round", r.text, "1\n")
    test.check_lossless(test.report(recording))


for target in test.targets("native", "musl", *lib.CROSS):
    leaf = target.build("t16lib.c", "-shared", "-fPIC", name="libleaf.so")
    opener = target.build("t16lib.c", "-shared", "-fPIC", '-DLEAF="%s"' % leaf, "-ldl", name="libopener.so")
    broken = target.build("t16lib.c", "-shared", "-fPIC", "-DBROKEN", name="libbroken.so")
    check_truth(target, opener, broken)
    if not target.qemu:
        check_race(target, broken)
    if target.name == "native":
        nocopy = target.build("nocopy.c")
        if target.plain(nocopy, "/bin/true").status != 77:
            test.prefix += "without process_vm_readv(): "
            check_truth_without(target, nocopy, opener, broken)
test.finish()
