#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What record says when it did not get all: a script that became another program, a connection that
# broke, one that is never answered, stacks that cannot be; and what -v adds.
import json
import os
import platform
import signal
import socket
import subprocess
import time

import lib

test = lib.Test()
target = next(iter(test.targets("native")))
recording = test.path("r.dalloc")


def start(*argv):
    return subprocess.Popen([target.tool, "record", *argv], cwd=test.work, stderr=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, env=test.environment())


def script_that_execs():
    r = test.run([target.tool, "record", "-o", recording, "sh", "-c", "exec sleep 1"])
    test.equal("status", r.status, 0)
    test.ok("executed another" in r.errors, "the exec is told: " + r.errors)
    test.equal("end", json.loads(test.run([target.tool, "report", "--format", "json", recording])
                                 .text)["process"]["end"], "exec")
    os.unlink(recording)
    r = test.run([target.tool, "record", "-o", recording, "sh", "-c", "sleep 1; exit 3"])
    test.equal("status without exec", r.status, 3)
    test.ok("executed another" not in r.errors, "none is told where there is none: " + r.errors)


def broken_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        p = start("--server", "127.0.0.1:%d" % server.getsockname()[1], "sh", "-c",
                  "for i in 1 2 3 4 5; do sleep 0.5; x=$x$i$PATH; done")
        connection, _ = server.accept()
        connection.recv(64)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    errors = p.communicate(timeout=lib.HANG)[1].decode()
    test.equal("status", p.returncode, 0)
    test.ok("cannot send" in errors, "the break is told: " + errors)
    test.ok("only a part was sent" in errors, "and not called sent: " + errors)


def connection_without_answer():
    """A queue that is full answers nobody; Ctrl-C is heard all the same."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for s in waiting:
            s.setblocking(False)
            s.connect_ex(server.getsockname())
        p = start("--server", "127.0.0.1:%d" % server.getsockname()[1], "-o", recording, "true")
        time.sleep(1)
        test.equal("it still connects", p.poll(), None)
        begin = time.monotonic()
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=lib.HANG)
        test.ok(time.monotonic() - begin < 3, "it ends at once")
        test.equal("status", p.returncode, -signal.SIGINT)
        test.equal("no recording is left", os.path.exists(recording), False)
        for s in waiting:
            s.close()


def scan_without_scanner():
    for options, env in (["--unwind=scan"], {}), ([], {"DUMPALLOC_WALK_STACK": "1"}):
        r = test.run([target.tool, "record", "--force", "-o", recording, *options, "true"], env=env)
        test.ok("MIPS only" in r.errors, "that there is no scanner here: " + r.errors)


def verbose():
    r = test.run([target.tool, "record", "-v", "--force", "-o", recording, "sh", "-c", ":"])
    test.ok("with a buffer of" in r.errors, "record -v says more: " + r.errors)
    r = test.run([target.tool, "report", "-v", "--format", "folded", recording])
    test.ok("build-id: match" in r.errors, "report -v names the files: " + r.errors)


script_that_execs()
os.unlink(recording)
broken_connection()
connection_without_answer()
if not platform.machine().startswith("mips"):
    scan_without_scanner()
verbose()
test.finish()
