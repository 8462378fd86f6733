#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L02: each entry point does what it does untraced, and is counted once.
import lib

test = lib.Test()


def live_of(report, function):
    got, _ = lib.group(report, [function])
    return got.get(function, {"alloc_calls": 0, "live_blocks": -1})


def c_calls(target):
    victim = target.build("l02.c", "-fno-builtin")
    test.ab(target, victim, test.path("ab-truth"))
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    in_libc = {"use_strdup": "strdup", "use_strndup": "strndup", "use_getline": "getdelim",
               "use_asprintf": "vasprintf"}
    if target.name == "musl":  # Debian's has no unwind tables: stacks end in the libc's function
        for mine, its in in_libc.items():
            if mine in truth.sites:
                truth.sites[its] = truth.sites.pop(mine)
    else:
        in_libc = {}
    test.check_sites(report, truth)
    counted = {f["name"]: (f["calls"], f["failed"]) for f in report["functions"]}
    # what the libc itself asks for after the books were closed: strdup, getline, asprintf, fopen
    for name, want in truth.functions.items():
        got = counted.get(name, (0, 0))
        if name in ("malloc", "realloc", "free", "calloc"):
            test.ok(got[0] >= want[0] and got[1] == want[1],
                    "%s: %s, of these %s in the victim" % (name, got, want))
        else:
            test.equal(name, got, want)
    for function in ("use_getline", "use_asprintf"):
        got = live_of(report, in_libc.get(function, function))
        test.ok(got["alloc_calls"] > 0 and got["live_blocks"] == 0,
                "%s: %d blocks, all given back" % (function, got["alloc_calls"]))


def exact_functions(target):
    """Without what comes after the books were closed, all is exact."""
    victim = target.build("l02.c", "-fno-builtin", "-DBOOKS_ONLY", name="l02-books")
    truth, report, _ = test.golden(target, victim)
    counted = {f["name"]: (f["calls"], f["failed"]) for f in report["functions"]}
    want = {k: v for k, v in truth.functions.items() if v[0]}
    test.equal("calls of each function", counted, want)


def cxx_calls(target):
    victim = target.build("l02xx.cc", "-std=c++17", "-Wno-unused-result")
    test.ab(target, victim, test.path("ab-truth"))
    truth, report, _ = test.golden(target, victim)
    test.check_lossless(report)
    test.check_sites(report, truth)
    got, _ = lib.group(report, ["new_throws"])
    test.equal("the block of a throwing constructor is given back",
               got["new_throws"]["live_blocks"], 0)


for target in test.targets("native", "musl", *lib.CPUS):
    c_calls(target)
    exact_functions(target)
    if target.cxx or test.note("no C++ compiler here"):
        cxx_calls(target)
test.finish()
