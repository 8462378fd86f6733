#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks that stop in a library without unwind tables: marked, counted, and told by the report."""
import os

import lib

test = lib.Test()
(target,) = test.targets("native")
library = os.path.join(test.path("lib"), "libstops.so")
os.mkdir(os.path.dirname(library))
source = os.path.join(lib.VICTIMS, "stops_lib.c")
done = test.run([*target.cc, "-O2", "-fPIC", "-shared", "-fno-asynchronous-unwind-tables",
                 "-fno-unwind-tables", "-fomit-frame-pointer", "-o", library, source])
test.equal("compiling the library", done.status, 0)
victim = target.build("stops.c", library, "-Wl,-rpath," + os.path.dirname(library))
recording = test.path("stops.dalloc")
target.record(recording, victim, options=["--unwind=cfi"])
report = test.report(recording)
stopped = [s for s in report["sites"] if not s["complete"]]
test.equal("calls with a stack that stops", sum(s["alloc_calls"] for s in stopped), 10)
test.ok(all([f["function"] for f in s["stack"]] == ["take"] for s in stopped), "they stop in take()")
counts = {os.path.basename(m["path"]): m["stopped_stacks"] for m in report["modules"]}
test.equal("of the library", counts.pop("libstops.so"), {"no_rule": len(stopped)})
test.ok(not any(counts.values()), "no other module stopped a walk")
text = test.run([lib.TOOL, "report", "-q", "--format=text:-", recording]).text
test.ok("stopped in libstops.so: no unwinding rule" in text, "the text names the library")
test.finish()
