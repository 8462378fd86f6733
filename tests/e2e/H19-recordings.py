#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# H19 on every kind of recording: C and C++, threads, deep recursion, no stacks, on each CPU.
# callgrind_annotate reads its Callgrind file without a warning and finds the JSON report's totals, and
# no number in it leads where another name is meant.
import json
import re

import lib

EVENTS = {"curB": "live_bytes", "curBk": "live_blocks", "totB": "alloc_bytes", "totBk": "alloc_calls",
          "totFdB": "freed_bytes", "totFdBk": "free_calls", "pkB": "peak_bytes", "pkBk": "peak_blocks",
          "tmpBk": "temporary_blocks"}
LINE = re.compile(r"|c?(?:ob|fn)=\(\d+\)(?: .+)?|(?:fl|fi|fe|cfi|cfl)=\(\d+\)(?: .+)?|calls=\d+ \d+|\d+(?: \d+){0,9}")

test = lib.Test()
test.need("callgrind_annotate")


def costs(line):
    values = [int(w) for w in line.split()[1:]]
    return values + [0] * (len(EVENTS) - len(values))


def faults_of(lines, totals):
    """Faults of the body, by the rules that both readers keep."""
    names, own, faults, after_calls, callee, defined = {}, [0] * len(EVENTS), [], False, None, set()
    for line in lines:
        if not LINE.fullmatch(line):
            faults.append("not a line of the format: %r" % line)
        m = re.fullmatch(r"(c?)(ob|fn|fl|fi|fe|cfi|cfl)=\((\d+)\)(?: (.*))?", line)
        if m:
            kind = {"ob": "ob", "fn": "fn"}.get(m[2], "fl")
            if m[4] is None and (kind, m[3]) not in names:
                faults.append("no name yet: " + line)
            if m[4] is not None and names.setdefault((kind, m[3]), m[4]) != m[4]:
                faults.append("another name: " + line)
            callee = m[3] if line.startswith("cfn=") else callee
            if line.startswith("fn="):
                if m[3] in defined:
                    faults.append("a function twice: " + line)
                defined.add(m[3])
        if after_calls and not line[:1].isdigit():
            faults.append("no cost after calls=: %r" % line)
        if line[:1].isdigit() and not after_calls:
            own = [a + b for a, b in zip(own, costs(line))]
        if line.startswith("calls=") and callee is None:
            faults.append("a call of nothing")
        after_calls = line.startswith("calls=")
        callee = None if line[:1].isdigit() else callee
    if own != totals:
        faults.append("own costs %s" % own)
    ids = sorted(int(i) for kind, i in names if kind == "fn")
    if ids != list(range(1, len(ids) + 1)):
        faults.append("numbers of functions are not dense")
    return faults


def check(recording, rootfs=()):
    paths = {f: test.path("r." + f) for f in ("callgrind", "json", "folded")}
    run = test.run([lib.TOOL, "report", "-q", *rootfs, *("--format=%s:%s" % p for p in paths.items()), "-s", "bytes", recording])
    test.equal("report", (run.status, run.errors), (0, ""))
    with open(paths["json"]) as f:
        report = json.load(f)
    totals = [report["totals"][k] for k in EVENTS.values()]
    done = test.run(["callgrind_annotate", "--show-percs=no", "--inclusive=yes", paths["callgrind"]])
    test.equal("callgrind_annotate: status, warnings", (done.status, done.errors), (0, ""))
    m = re.search(r"^([\d, .]+?) +PROGRAM TOTALS$", done.text, re.M)
    got = [int(w.replace(",", "").replace(".", "0")) for w in m[1].split()] if m else None
    test.equal("totals", got, totals)
    with open(paths["callgrind"], encoding="utf-8", newline="\n") as f:
        lines = f.read().split("\n")
    events = next(i for i, line in enumerate(lines) if line.startswith("events: "))
    test.equal("events", lines[events].split()[1:], list(EVENTS))
    test.equal("header", [x for x in lines[1:events] if not re.match(r"(version|creator|pid|cmd|desc|positions|event): ", x)], [])
    test.ok(lines[events + 1].startswith("summary: "), "the summary follows")
    body = [x for x in lines[events + 2:] if not x.startswith("totals: ")]
    test.equal("faults", faults_of(body, totals)[:4], [])
    with open(paths["folded"], encoding="utf-8") as f:
        folded = f.read().splitlines()
    test.equal("folded: faults", [x for x in folded if not re.fullmatch(r"[^;]+(;[^;]+)* \d+", x)][:2], [])
    test.equal("folded: sum", sum(int(x.rsplit(" ", 1)[1]) for x in folded), report["totals"]["alloc_bytes"])
    return report


def recorded(target, victim, *args, options=(), variables=None):
    path = test.path("r.dalloc")
    if target.qemu:
        r = target.direct({"DUMPALLOC_FILE": path, **(variables or {})}, victim, *args)
    else:
        r = target.record(path, victim, *args, options=["--force", *options])
    test.equal("status", r.status, 0)
    return path


for target in test.targets("native", "musl", *lib.CROSS):
    rootfs = ("--rootfs", "/") if target.qemu else ()
    truth = test.path("truth")
    kinds = [("C", "l01.c", (truth, "20000"), ()), ("threads", "l05.c", (truth, "16", "300"), ("-pthread",)),
             ("recursion", "l09.c", (truth, "3000"), ())]
    if target.cxx:
        kinds.append(("C++", "h19.cc", (), ("-pthread",)))
    for kind, source, args, flags in kinds:
        test.prefix = "%s, %s: " % (target.name, kind)
        recording = recorded(target, target.build(source, *flags), *args)
        check(recording, rootfs)
        if target.qemu and kind == "C":
            test.prefix = "%s, no files: " % target.name
            check(recording, ("--rootfs", test.path("tmp")))
    test.prefix = "%s, no stacks: " % target.name
    path = recorded(target, target.build("f12.c"), "1", "200", options=["--unwind", "none"],
                    variables={"DUMPALLOC_UNWIND": "none"})
    report = check(path, rootfs)
    test.note("%d calls without a stack" % report["quality"]["calls_without_stack"])
test.finish()
