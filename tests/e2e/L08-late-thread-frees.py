#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L08: events of a thread's last destructors, and those after them.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("l08.c", "-pthread", "-ldl")
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    test.check_sites(report, truth)
    n = truth.values["threads"][0]
    got, _ = lib.group(report, ["use_strerror", "use_dlopen"])
    if target.name == "musl":  # strerror() allocates nothing; dlerror()'s buffer is not given back per thread
        test.note("strerror and dlopen: %s" % {k: v["alloc_calls"] for k, v in got.items()})
        continue
    for function in ("use_strerror", "use_dlopen"):
        site = got[function]
        test.ok(site["alloc_calls"] >= n and site["live_blocks"] <= 1,
                "%s: %d blocks in %d threads, %d live at the end"
                % (function, site["alloc_calls"], n, site["live_blocks"]))
test.finish()
