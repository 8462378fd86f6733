#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Libraries are closed in one thread while others allocate: the shim never looks at what is being unmapped.
import lib

test = lib.Test()
SECONDS = "4"

for target in test.targets("native", "musl"):
    libs = [target.build("l13lib.c", "-shared", "-fPIC", "-DNAME=n%d" % i, name="lib%d.so" % i)
            for i in range(8)]
    victim = target.build("unload.c", "-pthread", "-ldl")
    recording = test.path("r.dalloc")
    r = target.record(recording, victim, SECONDS, *libs, options=["--force"])
    test.equal("status", r.status, 0)
    test.equal("it came round", r.text, "1\n")
    test.check_lossless(test.report(recording))
test.finish()
