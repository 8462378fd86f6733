#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T07: a daemon that closes every descriptor is recorded to its last block, and record ends with it.
import glob
import os

import lib

test = lib.Test()
for target in test.targets("native", "musl"):
    victim = target.build("t07.c", "-pthread")
    truth, daemon_truth = test.path("truth"), test.path("daemon-truth")
    for f in (truth, daemon_truth, *glob.glob(test.path("*.dalloc"))):
        if os.path.exists(f):
            os.unlink(f)
    r = target.record(test.path("%p.dalloc"), victim, truth, daemon_truth, options=["-f"])
    test.equal("status", r.status, 0)
    if not test.ok(os.path.exists(daemon_truth), "record stayed until the daemon ended"):
        continue
    want = lib.Truth(daemon_truth)
    test.equal("processes left when record ended", test.processes(), [])
    pid = want.values["daemon_pid"][0]
    recording = test.path("%d.dalloc" % pid)
    if not test.ok(os.path.exists(recording), "the daemon has a recording: " +
                   " ".join(os.path.basename(f) for f in glob.glob(test.path("*.dalloc")))):
        continue
    report = test.report(recording)
    test.check_sites(report, want)
    test.equal("blocks", want.sites["in_daemon"]["alloc_calls"], 100000)
    test.equal("lost", sum(report["quality"]["events_lost"].values()), 0)
    test.ok(report["quality"]["finished"], "the recording has its end: " + report["process"]["end"])
test.finish()
