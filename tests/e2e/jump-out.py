#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Allocation calls left by siglongjmp() from a signal handler: the thread is heard again, no chunk of the
# buffer is kept for ever, a drain is not left half done, and what was lost is counted.
import json

import lib

test = lib.Test()
MARKER, MARKERS, JUMPS = 4321, 1000, 3000


def check(target, what, run):
    test.prefix = what + ": "
    recording = test.path("r.dalloc")
    r = run(recording)
    test.equal("status", r.status, 0)
    test.equal("jumps", r.text.split(), [str(JUMPS)])
    # not test.report(): an event left between its count and its commit counts as recorded
    out = test.run([lib.TOOL, "report", "-q", "--format", "json:-", recording]).out
    report = json.loads(out)
    sizes = {s["size"]: s["calls"] for s in report["sizes"]}
    test.equal("blocks after the jumps", sizes.get(MARKER), MARKERS)
    lost, recorded = report["quality"]["events_lost"], report["quality"]["events_recorded"]
    test.equal("seen", report["quality"]["events_seen"], recorded + sum(lost.values()))
    test.ok(sum(lost.values()) <= JUMPS, "%d events, lost: %s" % (recorded, lost))


for target in test.targets("native", "musl"):
    ring = target.build("ring.c", "-shared", "-fPIC", "-fno-builtin", name="libring.so")
    victim = target.build("jump.c", "-fno-builtin", ring)
    name = test.prefix
    check(target, name + "record", lambda f: target.record(
        f, victim, str(JUMPS), options=["--force", "--buffer", "256k"], hang=60))
    check(target, name + "direct", lambda f: target.direct(
        {"DUMPALLOC_FILE": f, "DUMPALLOC_BUFFER": "256k"}, victim, str(JUMPS), hang=60))
test.finish()
