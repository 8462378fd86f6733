#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T12: a handler that runs a thousand times a second allocates in the middle of allocations: nothing hangs,
# the storm is exact, and what could not be recorded of the handler is counted.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    ring = target.build("ring.c", "-shared", "-fPIC", "-fno-builtin", name="libring.so")
    victim = target.build("t12.c", "-fno-builtin", ring)
    for direct in (False, True):
        truth, report, _ = test.golden(target, victim, "300" if target.qemu else "500",
                                       options=["--force"], direct=direct)
        got, _ = lib.group(report, truth.sites)
        storm, handler = truth.sites["in_storm"], truth.sites["in_handler"]
        test.equal("the storm", {k: got["in_storm"][k] for k in storm}, storm)
        got = got.get("in_handler", {"alloc_calls": 0})["alloc_calls"]
        lost = report["quality"]["events_lost"]
        test.note("%d of the handler's %d blocks recorded, lost: %s" % (got, handler["alloc_calls"], lost))
        test.equal("lost for any other reason", sum(lost.values()) - lost.get("reentrant", 0), 0)
        calls = {f["name"]: f["calls"] for f in report["functions"]}
        want = handler["alloc_calls"] + storm["alloc_calls"]
        test.equal("malloc and free: recorded and lost",
                   calls["malloc"] + calls["free"] + sum(lost.values()), 2 * want)
        if target.qemu:
            break
test.finish()
