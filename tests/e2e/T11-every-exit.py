#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T11: whatever ends the program, the block allocated just before is in the recording.
#
# 100 runs of each way natively; T11_RUNS says otherwise. The marker is looked for in the "sizes" of each
# recording's JSON report, without names: those would take most of the time.
import json
import os
import signal
import subprocess

import lib

test = lib.Test()
RUNS = int(os.environ.get("T11_RUNS", "100"))
MARKER = 31337
EXITS = {"return": 3, "exit": 3, "_exit": 3, "_Exit": 3, "quick_exit": 3, "pthread_exit": 0, "execve": 0}
SIGNALS = {"abort": 6, "sigkill": 9, "sigsegv": 11, "overflow": 11, "killed": 9}


def find_marker(recording):
    r = test.run([lib.TOOL, "report", "-q", "--rootfs", test.path("tmp"), "--format", "json:-", recording])
    report = json.loads(r.out)
    return any(s["size"] == MARKER for s in report["sizes"]), report


def kill_from_outside(target, victim, recording):
    """The victim says when it has its block, and is killed then. The status of record."""
    p = subprocess.Popen([target.tool, "record", "-q", "--force", "-o", recording, victim, "killed"],
                         env=test.environment(), stdout=subprocess.PIPE)
    p.stdout.readline()
    children = open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read().split()
    os.kill(int(children[0]), signal.SIGKILL)
    p.communicate(timeout=lib.HANG)
    return p.returncode


def check_record(target, victim, way, status, runs):
    recording, there, wrong, ends, lost = test.path("r.dalloc"), 0, [], set(), 0
    for _ in range(runs):
        if way == "killed":
            got = kill_from_outside(target, victim, recording)
        else:
            got = target.record(recording, victim, way, options=["--force"]).status
        if got != status:
            wrong.append(got)
        has, report = find_marker(recording)
        there += has
        lost += sum(report["quality"]["events_lost"].values())
        ends.add(report["process"]["end"])
    test.equal("%s: wrong statuses" % way, wrong, [])
    test.ok(there == runs, "%s: the marker is there in %d of %d runs; end: %s"
            % (way, there, runs, ", ".join(sorted(ends))))
    test.equal("%s: lost" % way, lost, 0)


def check_direct(target, victim, way, runs):
    recording, there = test.path("d.dalloc"), 0
    for _ in range(runs):
        target.direct(recording, victim, way)
        there += find_marker(recording)[0]
    test.ok(there == runs, "direct mode, %s: the marker is there in %d of %d runs" % (way, there, runs))


for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("t11.c", "-pthread", "-Wno-infinite-recursion")
    if not target.qemu:
        runs = RUNS if target.name == "native" else max(RUNS // 10, 1)
        for way, status in EXITS.items():
            check_record(target, victim, way, status, runs)
        for way, number in SIGNALS.items():
            check_record(target, victim, way, 128 + number, runs)
    # a kill may cost direct mode its last chunk; an exit may not
    for way in ("return", "exit", "_exit", "_Exit", "quick_exit"):
        check_direct(target, victim, way, max(RUNS // 20, 1))
test.finish()
