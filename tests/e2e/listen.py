#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# listen: what comes in over the network is what a local recording would hold; streams side by side,
# strangers and rubbish among them; Callgrind files at the end and on SIGINT and SIGTERM; raw bytes for
# a pipe. Nothing is written over.
import glob
import json
import os
import re
import signal
import socket
import subprocess
import time

import lib
from trace_writer import simple

EXACT = ("alloc_calls", "alloc_bytes", "free_calls", "freed_bytes", "live_bytes", "live_blocks", "peak_bytes",
         "peak_blocks", "temporary_blocks", "failed_calls")

test = lib.Test()


class Listener:
    """dumpalloc listen on a free port, in its own directory."""

    def __init__(self, name, *options, stdout=subprocess.PIPE):
        self.folder = test.path(name)
        os.mkdir(self.folder)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.address = "127.0.0.1:%d" % self.port
        self.log = open(self.folder + ".log", "w+")
        self.out = open(self.folder + ".out", "w+") if stdout == subprocess.PIPE else None
        self.process = subprocess.Popen([lib.TOOL, "listen", *options, self.address], cwd=self.folder,
                                        env=test.environment(), stdout=self.out or stdout, stderr=self.log)
        self.wait_for("listening on")

    def text(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def wait_for(self, words, times=1, seconds=20):
        end = time.monotonic() + seconds
        while len(re.findall(words, self.text())) < times:
            if time.monotonic() > end or (self.process.poll() is not None and len(re.findall(words, self.text())) < times):
                return test.ok(False, "waited for %r: %r" % (words, self.text()))
            time.sleep(0.02)
        return True

    def stop(self, how=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "hung"
        return status

    def files(self, suffix=""):
        return sorted(f for f in os.listdir(self.folder) if f.endswith(suffix))

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.settimeout(20)
        return s


def sites(report):
    return sorted((tuple((f["function"], f["file"], f["line"]) for f in s["stack"]), s["alloc_calls"], s["alloc_bytes"],
                   s["live_bytes"], s["peak_bytes"]) for s in report["sites"])


def check_same(path, local, what):
    report = test.report(path)
    test.equal(what + ": status", report["status"], 0)
    test.equal(what + ": totals", [report["totals"][k] for k in EXACT], [local["totals"][k] for k in EXACT])
    test.ok(sites(report) == sites(local), what + ": sites")
    test.equal(what + ": end", report["process"]["end"], local["process"]["end"])
    return report


def check_streams(target, victim, local):
    listener = Listener("streams")
    r = test.run([lib.TOOL, "record", "-q", "--server", listener.address, victim, "3", "500"])
    test.equal("one stream: status, output", (r.status, r.out, r.err), (0, b"done\n", b""))
    listener.wait_for(" ends")
    one, = listener.files()
    test.ok(re.match(r"^native-f12\.\d+\.dalloc$", one), "stored as %s" % one)
    check_same(os.path.join(listener.folder, one), local, "one stream")
    both = test.path("both.dalloc")
    r = test.run([lib.TOOL, "record", "-q", "--server", listener.address, "-o", both, victim, "3", "500"])
    listener.wait_for(" ends", 2)
    new, = [f for f in listener.files() if f != one]
    test.ok(open(both, "rb").read() == open(os.path.join(listener.folder, new), "rb").read(),
            "file and stream are byte for byte the same")
    many = [subprocess.Popen([lib.TOOL, "record", "-q", "--server", listener.address, victim, "3", "500", "300"],
                             env=test.environment(), stdout=subprocess.DEVNULL) for _ in range(3)]
    test.equal("three at once: status", [p.wait() for p in many], [0, 0, 0])
    listener.wait_for(" ends", 5)
    fresh = [f for f in listener.files() if f not in (one, new)]
    test.equal("three at once: files", len(fresh), 3)
    for f in fresh:
        check_same(os.path.join(listener.folder, f), local, "three at once")
    direct = target.direct({"DUMPALLOC_SERVER": listener.address}, victim, "3", "500")
    test.equal("direct mode: status", (direct.status, direct.out), (0, b"done\n"))
    listener.wait_for(" ends", 6)
    last, = [f for f in listener.files() if f not in (one, new, *fresh)]
    report = test.report(os.path.join(listener.folder, last))
    test.equal("direct mode: totals", [report["totals"][k] for k in EXACT], [local["totals"][k] for k in EXACT])
    test.equal("mode of the files", {os.stat(os.path.join(listener.folder, f)).st_mode & 0o777 for f in listener.files()}, {0o600})
    test.equal("status after SIGINT", listener.stop(), 0)
    test.ok(re.search(r"heap .* peak .* allocs [1-9]", open(listener.out.name).read()), "a line of live totals")


def check_strangers(local, good):
    """Rubbish, probes and hostile names; an honest stream meanwhile."""
    listener = Listener("strangers")
    honest = listener.connect()
    honest.sendall(good[:1000])
    stranger = listener.connect()
    stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    try:
        answer = stranger.recv(1000)
    except OSError:
        pass
    test.ok(not answer or answer.startswith(b"HTTP/1."), "an HTTP probe gets %r" % answer[:60])
    stranger.close()
    for rubbish in (b"\x16\x03\x01\x02\x00\x01" + bytes(200), b"SSH-2.0-x\r\n", b"\xff" * 100000, b"", b"\x89DALLOC\n" + b"\xff" * 300,
                    good[:60] + b"\0" * 5000):
        with listener.connect() as s:
            try:
                s.sendall(rubbish)
                s.shutdown(socket.SHUT_WR)
                s.recv(1)
            except OSError:
                pass
    listener.wait_for("turned away", 5)
    evil = b"../../../../tmp/\x1b]0;x\x07-o\xc2\x9b\n;rm"
    with listener.connect() as s:
        s.sendall(simple([b"/x"], program=evil, cmdline=evil + b"\0", host=evil, pid=1))
    listener.wait_for(r"\.1 ends")
    bent = bytearray(good)
    bent[-100] ^= 1
    with listener.connect() as s:
        s.sendall(bent)
    listener.wait_for("ends early")
    for byte in (good[1000:1001], good[1001:]):
        honest.sendall(byte)
        time.sleep(0.1)
    honest.close()
    listener.wait_for("\\.%d ends;" % local["process"]["pid"])
    stored = [f for f in listener.files() if re.match(r"^native-f12\.%d(-\d+)?\.dalloc$" % local["process"]["pid"], f)]
    whole = [f for f in stored if open(os.path.join(listener.folder, f), "rb").read() == good]
    test.equal("honest streams stored, byte for byte", len(whole), 1)
    names = [f for f in listener.files() if f not in stored]
    test.ok(len(names) == 1 and re.match(r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,64}\.1\.dalloc$", names[0]), "a hostile name becomes %s" % names)
    text = listener.text() + open(listener.out.name, errors="replace").read()
    test.equal("control characters shown", [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0], [])
    test.equal("files beside the directory", glob.glob("/tmp/*;rm*"), [])
    listener.stop(signal.SIGTERM)


def check_overwriting(good):
    """The same stream again, with a file and a link in its way."""
    listener = Listener("twice", "-o", "fixed.dalloc")
    for f in ("fixed.dalloc",):
        with open(os.path.join(listener.folder, f), "w") as out:
            out.write("precious")
    os.symlink(test.path("elsewhere"), os.path.join(listener.folder, "fixed-1.dalloc"))
    for n in (1, 2):
        with listener.connect() as s:
            s.sendall(good)
        listener.wait_for(" ends;", n)
    listener.stop()
    test.equal("files", listener.files(), ["fixed-1.dalloc", "fixed-2.dalloc", "fixed-3.dalloc", "fixed.dalloc"])
    test.equal("precious", open(os.path.join(listener.folder, "fixed.dalloc")).read(), "precious")
    test.equal("through the link", os.path.exists(test.path("elsewhere")), False)
    test.ok(all(open(os.path.join(listener.folder, "fixed-%d.dalloc" % n), "rb").read() == good for n in (2, 3)),
            "both streams are whole")


def callgrind_total(path, event):
    """From the summary line."""
    text = open(path).read()
    events = re.search(r"^events: (.*)$", text, re.M).group(1).split()
    values = re.search(r"^(?:summary|totals): (.*)$", text, re.M).group(1).split()
    return int((values + ["0"] * len(events))[events.index(event)])


def check_callgrind(victim, local, good):
    listener = Listener("callgrind", "--rootfs", "/")
    pid = local["process"]["pid"]
    with listener.connect() as s:
        s.sendall(good)
    listener.wait_for(" ends;")
    path = os.path.join(listener.folder, "native-f12.%d.callgrind" % pid)
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.05)
    test.ok(os.path.exists(path), "at the end of a stream there is %s" % os.path.basename(path))
    test.equal("its total", callgrind_total(path, "totB"), local["totals"]["alloc_bytes"])
    test.ok("grab" in open(path).read(), "with names")
    listener.stop()
    for how in (signal.SIGINT, signal.SIGTERM):
        listener = Listener("stopped-%d" % how, "--rootfs", "/")
        p = subprocess.Popen([lib.TOOL, "record", "-q", "--server", listener.address, victim, "8", "300", "400"],
                             env=test.environment(), stdout=subprocess.PIPE)
        listener.wait_for("begins")
        time.sleep(1.8)  # a block each second
        start = time.monotonic()
        status = listener.stop(how)
        test.equal("%s in mid stream: status" % how.name, status, 0)
        test.ok(time.monotonic() - start < 10, "it ends at once")
        out, _ = p.communicate(timeout=60)
        test.equal("the program goes on: status, output", (p.returncode, out), (0, b"done\n"))
        files = listener.files()
        test.equal("files", [f.split(".", 2)[2] for f in files], ["callgrind", "dalloc"])
        stored = test.report(os.path.join(listener.folder, files[1]))
        test.ok(0 < stored["totals"]["alloc_calls"] < 8 * 300, "%d calls until then" % stored["totals"]["alloc_calls"])
        test.equal("in the Callgrind file", callgrind_total(os.path.join(listener.folder, files[0]), "totBk"),
                   stored["totals"]["alloc_calls"])


def check_pipe(local, good):
    reading, writing = os.pipe()
    listener = Listener("raw", stdout=writing)
    os.close(writing)
    out = test.path("piped.json")
    report = subprocess.Popen([lib.TOOL, "report", "-q", "--format", "json:" + out], stdin=reading, env=test.environment(),
                              stderr=subprocess.PIPE)
    os.close(reading)
    with listener.connect() as s:
        s.sendall(good)
    _, errors = report.communicate(timeout=30)
    test.equal("listen | report: status", (report.returncode, errors), (0, b""))
    test.equal("listen ends after the stream", listener.process.wait(20), 0)
    test.equal("files", listener.files(), [])
    with open(out) as f:
        piped = json.load(f)
    test.ok(sites(piped) == sites(local), "the same sites")
    reading, writing = os.pipe()
    listener = Listener("bytes", stdout=writing)
    os.close(writing)
    with listener.connect() as s:
        s.sendall(good)
    data = b""
    while True:
        piece = os.read(reading, 65536)
        if not piece:
            break
        data += piece
    os.close(reading)
    listener.process.wait(20)
    test.ok(data == good, "a pipe gets the very bytes: %d" % len(data))


def check_options(good):
    listener = Listener("once", "--once")
    with listener.connect() as s:
        s.sendall(b"rubbish" * 10)
    listener.wait_for("turned away")
    test.equal("--once still waits after a stranger", listener.process.poll(), None)
    with listener.connect() as s:
        s.sendall(good)
    test.equal("--once ends after a stream", listener.process.wait(20), 0)
    test.equal("files", len(listener.files()), 1)
    listener = Listener("allow", "--allow", "192.0.2.0/24")
    with listener.connect() as s:
        try:
            s.sendall(good)
            test.equal("a peer that is not allowed reads", s.recv(10), b"")
        except OSError as e:
            test.ok(True, "a peer that is not allowed: %s" % e)
    listener.wait_for("turned away: its address")
    test.equal("and stores", listener.files(), [])
    listener.stop()
    listener = Listener("limited", "--max-file", "5k")
    with listener.connect() as s:
        try:
            s.sendall(good)
        except OSError:
            pass
    listener.wait_for("larger than --max-file")
    test.ok(all(os.path.getsize(os.path.join(listener.folder, f)) <= 5120 for f in listener.files()), "--max-file holds")
    listener.stop()


for target in test.targets("native"):
    victim = target.build("f12.c")
    path = test.path("local.dalloc")
    test.equal("local recording", target.record(path, victim, "3", "500").status, 0)
    local = test.report(path)
    with open(path, "rb") as f:
        good = f.read()
    check_streams(target, victim, local)
    check_strangers(local, good)
    check_overwriting(good)
    check_callgrind(victim, local, good)
    check_pipe(local, good)
    check_options(good)
test.finish()
