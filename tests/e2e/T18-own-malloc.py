#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T18: programs that cannot be recorded run as ever, and record says why there is nothing.
import os
import platform

import lib

test = lib.Test()


def check(target, victim, status, word):
    recording = test.path("r.dalloc")
    a = target.plain(victim)
    test.equal("untraced status", a.status, status)
    b = test.run([target.tool, "record", "-o", recording, victim])
    test.equal("status", b.status, status)
    test.same("standard output", a.out, b.out)
    test.ok(b.err.startswith(a.err) or a.err in b.err, "its own standard error is there")
    test.ok(word in b.errors, "record says why: " + b.errors.strip())
    test.ok(b.seconds < 2 + a.seconds, "within 2 s")
    q = test.run([target.tool, "record", "-q", "--strict", "-o", recording, victim])
    test.equal("with --strict: status", q.status, 125)
    test.equal("with --strict: it does not run", q.out, b"")
    test.equal("no recording is left", os.path.exists(recording), False)


for target in test.targets("native", "musl"):
    check(target, target.build("t18own.c", "-fno-builtin", "-rdynamic"), 21, "malloc")
    check(target, target.build("t18own.c", "-fno-builtin", name="t18hidden"), 21, "malloc")
    check(target, target.build("t18static.c", "-static"), 22, "static")
    if target.name == "native":
        check(target, target.build("t18static.c", "-static-pie", name="t18pie"), 22, "static")
        if platform.machine() == "x86_64":
            check(target, target.build("t18bare.c", "-nostdlib", "-static"), 23, "static")
test.finish()
