#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Direct mode, as in 2014: the shim alone writes to a file or a socket; nc, gzip and cat carry the stream.
import gzip
import json
import os
import socket
import subprocess
import time

import lib

test = lib.Test()
test.need("nc", "gzip", "gunzip")
EVENTS = "20000"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_listener(port):
    want = ":%04X" % port
    for _ in range(200):
        with open("/proc/net/tcp") as f, open("/proc/net/tcp6") as g:
            if any(w[1].endswith(want) and w[3] == "0A" for w in map(str.split, [*f, *g])):
                return
        time.sleep(0.05)
    test.die("nobody listens on port %d" % port)


def shell(command):
    return subprocess.Popen(["sh", "-c", command], cwd=test.work, env=test.environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check(report, truth, what):
    test.check_sums(report)
    test.check_lossless(report)
    test.check_sites(report, truth)
    test.equal("%s: calls" % what, report["totals"]["alloc_calls"], truth.values["totals"][0])


def over_network(target, victim, pipeline, host="127.0.0.1"):
    """Start a receiver at @pipeline ("%d" is the port), send it one program; what it printed."""
    port, truth = free_port(), test.path("truth")
    receiver = shell(pipeline % port)
    wait_for_listener(port)
    r = target.direct({"DUMPALLOC_SERVER": "%s:%d" % (host, port)}, victim, truth, EVENTS)
    test.equal("status", r.status, 0)
    out, err = receiver.communicate(timeout=lib.HANG)
    test.equal("the receiver's status", receiver.returncode, 0)
    if receiver.returncode:
        test.note(err.decode(errors="replace"))
    return out, lib.Truth(truth)


def run_shell(command):
    p = shell(command)
    out, err = p.communicate(timeout=lib.HANG)
    test.ok(p.returncode == 0, "%s: status %d %s" % (command.replace(lib.BUILD, "."), p.returncode, err.decode()))
    return out


def json_of(out):
    try:
        return json.loads(out)
    except ValueError:
        test.die("not JSON: %r" % out[:200])


def carried_by_others(target, victim):
    report = "%s report -q --rootfs / --format json" % lib.TOOL
    out, truth = over_network(target, victim, "nc -lp %d | " + report)
    check(json_of(out), truth, "nc | report")

    out, truth = over_network(target, victim, "nc -lp %d | gzip -c > f.gz")
    check(json_of(run_shell("gunzip -cd f.gz | " + report)), truth, "gunzip | report")
    check(json_of(run_shell(report + " f.gz")), truth, "report f.gz")
    with gzip.open(test.path("f.gz")) as f:
        plain = f.read()
    with open(test.path("f"), "wb") as f:
        f.write(plain)
    check(json_of(run_shell("cat f | " + report)), truth, "cat | report")
    check(json_of(run_shell(report + " f")), truth, "report f")

    port_line = "nc -lp %d > raw"
    out, truth = over_network(target, victim, port_line, host="localhost")
    check(json_of(run_shell(report + " raw")), truth, "a server given by name")
    for f in ("f", "f.gz", "raw"):
        os.unlink(test.path(f))


def default_documents(target, victim):
    """Without options: the text on standard output, and a Callgrind file."""
    over_network(target, victim, "nc -lp %d > f")
    out = run_shell("cat f | %s report -q --rootfs /" % lib.TOOL)
    test.ok(b"PEAK" in out and b"site_" in out, "the text names sites")
    made = [n for n in os.listdir(test.work) if n.endswith(".callgrind")]
    test.equal("Callgrind files", len(made), 1)
    for f in ["f", *made]:
        os.unlink(test.path(f))


def scanning(target, victim):
    """DUMPALLOC_WALK_STACK=1: stacks by reading instructions, on MIPS."""
    recording, truth = test.path("scan.dalloc"), test.path("truth")
    r = target.direct({"DUMPALLOC_FILE": recording, "DUMPALLOC_WALK_STACK": "1"}, victim, truth, EVENTS)
    test.equal("status", r.status, 0)
    report, truth = test.report(recording), lib.Truth(truth)
    check(report, truth, "DUMPALLOC_WALK_STACK=1")
    far = [s for s in report["sites"] if "main" in lib.functions(s)]
    test.equal("stacks that reach main", len(far), len(report["sites"]))


def no_receiver(target, victim):
    """Nobody listens: the program runs as ever."""
    truth = test.path("truth")
    r = target.direct({"DUMPALLOC_SERVER": "127.0.0.1:%d" % free_port()}, victim, truth, EVENTS)
    test.equal("with no receiver: status, output", (r.status, r.out, r.err), (0, b"", b""))
    r = target.direct({"DUMPALLOC_FILE": "/nowhere/at/all"}, victim, truth, EVENTS)
    test.equal("with no file: status, output", (r.status, r.out, r.err), (0, b"", b""))
    r = target.direct({}, victim, truth, EVENTS)
    test.equal("with neither: status, output", (r.status, r.out, r.err), (0, b"", b""))


for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("l01.c")
    carried_by_others(target, victim)
    no_receiver(target, victim)
    if target.name in ("mips", "mipsel"):
        scanning(target, victim)
    if target.name in ("native", "mipsel"):
        default_documents(target, victim)
test.finish()
