#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The bundled example says what it does; on each target the report says the same.
import re

import lib

test = lib.Test()


def site(report, function):
    """The one allocating site whose innermost frame is @function."""
    found = [s for s in report["sites"]
             if s["alloc_calls"] and lib.functions(s)[:1] == [function]]
    test.equal("sites of %s" % function, len(found), 1)
    return found[0]


def check(target):
    victim = target.build(lib.SRC + "/examples/leaky.c", "-fno-inline")
    recording = test.path("example.dalloc")
    if target.qemu:
        run = target.direct(recording, victim)
    else:
        run = target.record(recording, victim, options=["--force"])
    test.equal("standard output", run.text, target.plain(victim).text)
    leaked, blocks = map(int, re.search(r"leaked (\d+) bytes in (\d+) blocks", run.text).groups())
    report = test.report(recording)
    test.check_lossless(report)

    leak = site(report, "remember_forever")
    test.equal("leak", (leak["live_bytes"], leak["live_blocks"]), (leaked, blocks))
    test.equal("peak", site(report, "build_index")["peak_bytes"], 4 << 20)
    churn = site(report, "format_line")
    test.equal("temporary blocks", churn["temporary_blocks"], 20000)
    test.equal("callers", lib.functions(churn)[:3], ["format_line", "format_lines", "main"])
    test.equal("file", churn["stack"][0]["file"].rsplit("/", 1)[-1], "leaky.c")


for target in test.targets("native", "musl", *lib.CROSS):
    check(target)
test.finish()
