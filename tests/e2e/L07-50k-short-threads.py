#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L07: 50 000 threads one after the other: exact, and the recorder does not grow.
import os
import subprocess
import time

import lib

test = lib.Test()


def sampled(target, victim, threads):
    """Record and look at the recorder's memory from a tenth of the way on."""
    truth, mark, recording = test.path("truth"), test.path("mark"), test.path("l07.dalloc")
    p = subprocess.Popen([target.tool, "record", "-q", "-o", recording, victim, truth, threads, mark],
                         env=test.environment())
    samples, start = [], time.monotonic()
    while p.poll() is None and time.monotonic() - start < lib.HANG:
        if os.path.exists(mark):
            samples.append(lib.rss_kb(p.pid))
        time.sleep(0.02)
    test.equal("status", p.wait(timeout=1), 0)
    samples = [s for s in samples if s]
    test.ok(len(samples) > 5, "%d samples of the recorder's memory" % len(samples))
    grown = max(samples) - samples[0]
    test.ok(grown < 1024, "the recorder grew by %d KB from %d KB" % (grown, samples[0]))
    return lib.Truth(truth), test.report(recording)


for target in test.targets("native", "musl", "mipsel"):
    victim = target.build("l07.c", "-pthread")
    if target.qemu:
        truth, report, _ = test.golden(target, victim, "1000")
    elif target.name == "musl":
        truth, report, _ = test.golden(target, victim, "10000")
    else:
        truth, report = sampled(target, victim, "50000")
    test.check_lossless(report)
    test.check_sites(report, truth)
    test.ok(len(report["threads"]) > 1000 if not target.qemu else True,
            "%d threads in the report" % len(report["threads"]))
test.finish()
