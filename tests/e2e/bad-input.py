#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input and bad places: each gets one clear message (what, which, why), the status of its kind, and
# nothing is lost: the program runs as if alone, and no existing file is touched.
import gzip
import os
import random
import re
import shutil
import socket
import stat
import struct
import threading
import zlib

import lib
import second_reader
from trace_writer import simple

test = lib.Test()
empty = test.path("empty")
os.mkdir(empty)
IS_ROOT = os.geteuid() == 0


def message(r, what, status, *parts):
    """The run ended with @status and one line that has all @parts (regular expressions)."""
    lines = [x for x in r.errors.splitlines() if x.startswith("dumpalloc")]
    line = " / ".join(lines)
    good = r.status == status and lines and all(re.search(p, line) for p in parts)
    test.ok(good, "%s: status %d: %s" % (what, r.status, line[:150]) if good else
            "%s: status %d, wanted %d and %s: %r" % (what, r.status, status, parts, r.errors[:400]))


def put(name, data):
    with open(test.path(name), "wb") as f:
        f.write(data)
    return test.path(name)


def report(*args, **kw):
    return test.run([lib.TOOL, "report", "--rootfs", empty, "--format", "json", *args], **kw)


def check_files(recording):
    """What is passed to report by mistake, or got lost on the way."""
    data = open(recording, "rb").read()
    header = 24 + struct.unpack("<I", data[12:16])[0]
    message(report(test.path("nowhere")), "missing", 1, "cannot open .*nowhere: [Nn]o such file")
    message(report(empty), "directory", 1, "directory")
    message(report(put("zero", b"")), "empty", 1, "zero: it is empty")
    message(report(put("elf", open(lib.TOOL, "rb").read(5000))), "ELF file", 1, "not a dumpalloc recording", "ELF file")
    message(report(put("text", b"Dear Sirs,\n" * 100)), "text", 1, "not a dumpalloc recording", "text")
    rand = random.Random(1)
    noise = bytes(rand.randrange(256) for _ in range(5000))
    message(report(put("noise", b"\x91" + noise)), "noise", 1, "not a dumpalloc recording", "binary")
    message(report(put("noise.gz", gzip.compress(b"\x91" + noise))), "noise, gzip'ed", 1, "not a dumpalloc recording")
    message(report(put("broken.gz", b"\x1f\x8b\x08\0" + noise)), "garbage that begins like gzip", 1, "gzip|not a dumpalloc recording")
    message(report(put("broken.zst", b"\x28\xb5\x2f\xfd" + noise)), "garbage that begins like zstd", 1, "zstd|not a dumpalloc recording")
    message(report(put("zeros", bytes(9000))), "zeros", 1, "not a dumpalloc recording", "zeros")
    message(report(put("textmode", data.replace(b"\n", b"\r\n"))), "text mode", 1, "binary")
    message(report(stdin=b""), "empty pipe", 1, "standard input: it is empty")
    message(report(stdin=b"GET / HTTP/1.1\r\n\r\n"), "text in a pipe", 1, "standard input", "not a dumpalloc recording")

    future = bytearray(data)
    future[8:10] = struct.pack("<H", 7)
    message(report(put("future", bytes(future))), "future version", 1, "newer version", "format 7")
    feature = bytearray(data)
    feature[16] = 4
    message(report(put("feature", bytes(feature))), "unknown feature", 1, "newer version")
    bent = bytearray(data)
    bent[40] ^= 1
    message(report(put("header", bytes(bent))), "damaged header", 1, "header is damaged")

    for name, at, how in (("in a payload", header + 200, "wrong checksum"), ("in a block header", header + 5, "checksum"),
                          ("in a magic", header, "no block")):
        bent = bytearray(data)
        bent[at] ^= 0x10
        r = report(put("bent", bytes(bent)))
        message(r, "a flipped bit " + name, 2, "block 0 at byte %d is damaged" % header, how, "covers what was readable")
        test.ok(b'"totals"' in r.out, "and there is a report")
    first = header + 32 + struct.unpack("<I", data[header + 4:header + 8])[0]
    r = report(put("gap", data[:header] + data[first:]))
    message(r, "a block is missing", 2, "byte %d" % header, "missing")
    r = report(put("twice", data[:first] + data[header:]))
    message(r, "a block comes twice", 2, "byte %d" % first, "repetition")
    r = report(put("tail", data + b"tail"))
    message(r, "something behind the end", 2, "byte %d" % len(data))
    packed = gzip.compress(data)
    r = report(put("cut.gz", packed[:len(packed) // 2]))
    message(r, "gzip, cut", 2, "gzip data are cut")
    r = report(put("whole.gz", packed))
    test.equal("gzip, whole: status", r.status, 0)
    r = report(recording, put("text", b"no"), recording)
    message(r, "one bad of three", 1, "not a dumpalloc recording")
    test.equal("and the others have their report", r.out.count(b'"schema"'), 2)
    if not IS_ROOT:
        os.chmod(put("mine", data), 0)
        message(report(test.path("mine")), "unreadable", 1, "cannot open .*Permission denied")
    elif shutil.which("setpriv"):
        os.chmod(test.work, 0o755)
        os.chmod(put("mine", data), 0)
        reachable = test.run(["setpriv", "--reuid=65534", "--clear-groups", "test", "-x", lib.TOOL]).status == 0
        if reachable:
            r = test.run(["setpriv", "--reuid=65534", "--clear-groups", lib.TOOL, "report", test.path("mine")])
            message(r, "unreadable", 1, "cannot open .*Permission denied")


def check_rootfs(target):
    """A rootfs that has no such file, or another."""
    victim = target.build("f12.c")
    recording = test.path("rootfs.dalloc")
    test.equal("record", target.record(recording, victim, "1", "50").status, 0)
    r = test.report(recording, "--rootfs", empty)
    main = next(m for m in r["modules"] if m["path"] == victim)
    test.equal("rootfs without the module", (r["status"], main["symbols"]), (0, "absent"))
    test.ok("no such file" in main["reason"], "reason: %s" % main["reason"])
    other = test.path("other" + os.path.dirname(victim))
    os.makedirs(other)
    shutil.copy(target.build("measure.c"), os.path.join(other, os.path.basename(victim)))
    r = test.report(recording, "--rootfs", test.path("other"))
    main = next(m for m in r["modules"] if m["path"] == victim)
    test.equal("another build-id", (r["status"], main["symbols"]), (0, "mismatch"))
    test.ok("build-id" in main["reason"], "reason: %s" % main["reason"])
    r = test.report(recording, "--rootfs", test.path("other"), "--strict-build-id")
    found = {f["function"] for s in r["sites"] for f in s["stack"] if f["module"] == victim}
    test.equal("names with --strict-build-id", found, {None})
    r = test.run([lib.TOOL, "report", "--rootfs", test.path("nowhere"), recording])
    message(r, "no rootfs", 1, "cannot open .*nowhere: no such file")
    return victim, recording


def snapshot(path):
    st = os.lstat(path)
    return st.st_ino, st.st_size, st.st_mtime_ns, stat.S_IFMT(st.st_mode)


def check_outputs(target, victim, recording):
    """F15: what is in the way of an output."""
    plain = target.plain(victim, "1", "20")
    exists, link, fifo = put("exists", b"precious\n"), test.path("link"), test.path("fifo")
    os.symlink(exists, link)
    os.symlink(test.path("not-yet"), test.path("dangling"))
    os.mkfifo(fifo)
    readonly = test.path("readonly")
    os.mkdir(readonly, 0o555)
    for path, why in ((exists, "exists"), (link, "link|exists"), (test.path("dangling"), "link|exists"),
                      (empty, "directory"), (fifo, "FIFO|pipe"),
                      (test.path("no/dir/x"), "No such file"), (readonly + "/x", "Permission")):
        if why == "Permission" and IS_ROOT:
            continue
        before = snapshot(path) if os.path.lexists(path) else None
        name = os.path.basename(path)
        r = target.record(path, victim, "1", "20")
        message(r, "record into %s" % name, 125, re.escape(path), why)
        test.equal("not started", r.out, b"")
        if name == "exists":
            message(r, "and the way out", 125, "--force")
        r = report("-o", path, recording)
        if name == "exists":
            test.equal("report into an existing file replaces it", r.status, 0)
            put("exists", b"precious\n")
        else:
            message(r, "report into %s" % name, 1, re.escape(path), why)
            test.equal("left as it was", snapshot(path) if os.path.lexists(path) else None, before)
        test.equal("precious", open(exists).read().strip(), "precious")
    test.ok(not os.path.lexists(test.path("not-yet")), "no file through a dangling link")
    test.equal("half-written files", [f for f in os.listdir(test.work) if "not-yet" in f or f.startswith(".")], [])
    r = target.record(exists, victim, "1", "20", options=["--force"])
    test.equal("--force: status", (r.status, r.out), (plain.status, plain.out))
    r = target.record("/dev/null", victim, "1", "20")
    test.equal("/dev/null: status", r.status, plain.status)
    r = target.direct(link, victim, "1", "20")
    test.equal("direct mode, output is a link: the program runs", (r.status, r.out), (plain.status, plain.out))
    r = target.direct(test.path("no/dir/x"), victim, "1", "20")
    test.equal("direct mode, no such directory: the program runs", (r.status, r.out), (plain.status, plain.out))


def check_full_disk(target, victim, recording):
    """F01: 64 KB of room."""
    small = test.path("small")
    os.mkdir(small)
    user = [] if IS_ROOT else ["-r"]
    mount = 'mount -t tmpfs -o size=64k none "$0" && '

    def on_small(script, *args):
        return test.run(["unshare", *user, "-m", "sh", "-c", mount + script, small, *args])

    if on_small("exit 7").status != 7:
        test.note("full disk left out: no mount namespace")
        return
    busy = ("8", "1500", "400")  # some blocks fit, one each second
    plain = target.plain(victim, *busy)
    keep = test.path("kept.dalloc")
    script = 'o=$1; shift; "$@"; s=$?; cp "$o" %s; ls -A "$0" >&2; exit $s' % keep
    r = on_small(script, small + "/x", lib.TOOL, "record", "--compress=none", "-o", small + "/x", victim, *busy)
    message(r, "record, disk full", plain.status, "No space left on device", "small/x")
    test.equal("the program's output", r.out, plain.out)
    test.equal("error lines", len(re.findall("No space", r.errors)), 1)
    size = os.path.getsize(keep)
    test.ok(20000 < size <= 65536, "kept: %d bytes" % size)
    done = report(keep)
    message(done, "what fitted", 2, "no end mark")
    with open(keep, "rb") as f:
        stream = second_reader.read(f.read())
    test.ok(not stream.damage and stream.blocks, "%d whole blocks, nothing behind them" % stream.blocks)
    os.unlink(keep)
    r = on_small('o=$1; shift; env DUMPALLOC_FILE="$o" LD_PRELOAD="$1" "$2" 8 1500 10; s=$?; cp "$o" %s; exit $s' % keep,
                 small + "/x", target.shim, victim)
    test.equal("direct mode, disk full: the program runs", (r.status, r.out), (plain.status, plain.out))
    with open(keep, "rb") as f:
        data = f.read()
    stream = second_reader.read(data)
    test.ok(stream.blocks, "direct mode: %d whole blocks in %d bytes" % (stream.blocks, len(data)))
    done = report(keep)
    message(done, "direct mode, what fitted", 2, "byte")
    big = put("big.dalloc", simple([b"/lib/%d%s" % (i, b"x" * 200) for i in range(100)]))
    r = on_small('"$@"; s=$?; ls -A "$0"; exit $s', lib.TOOL, "report", "--rootfs", empty, "--format",
                 "json:" + small + "/out", big)
    message(r, "report, disk full", 1, "No space left on device", "small/out")
    test.equal("half-written reports", r.out, b"")
    r = on_small('"$@" >/dev/full', lib.TOOL, "report", "--rootfs", empty, "--format", "json", big)
    message(r, "report, standard output full", 1, "No space left on device")


def check_programs(target, victim):
    """What record is asked to start."""
    out = test.path("p.dalloc")
    message(target.record(out, test.path("nowhere")), "no such program", 127, "nowhere", "No such file|not found")
    message(target.record(out, "no-such-program-here"), "not in PATH", 127, "no-such-program-here", "not in PATH")
    message(target.record(out, put("data", b"no program")), "not executable", 126, "data", "Permission denied|not executable")
    os.chmod(test.path("data"), 0o755)
    r = target.record(out, empty)
    message(r, "a directory", 126, "directory|Permission")
    test.equal("no recording left", os.path.exists(out), False)
    message(test.run([lib.TOOL, "record"]), "nothing to start", 125, "no program")
    message(test.run([lib.TOOL, "record", "--no-such-option", victim]), "unknown option", 125, "no-such-option")
    message(test.run([lib.TOOL, "record", "--buffer=12q", victim]), "bad size", 125, "12q")
    message(test.run([lib.TOOL, "nonsense"]), "unknown command", 1, "nonsense")


def check_network(target, victim):
    """Who cannot be reached, and a port that is taken."""
    plain = target.plain(victim, "1", "20")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        closed = s.getsockname()[1]
    for server, parts in (("127.0.0.1:%d" % closed, ("refused",)), ("no-such-host.invalid:7000", ("no-such-host.invalid",)),
                          ("127.0.0.1", ("[Pp]ort|HOST:PORT",)), ("127.0.0.1:99999", ("99999",)), ("[::1:7000", ("::1",))):
        r = test.run([lib.TOOL, "record", "-q", "--server", server, victim, "1", "20"])
        message(r, "record to " + server, 125, *parts)
        test.equal("not started", r.out, b"")
        r = target.direct({"DUMPALLOC_SERVER": server}, victim, "1", "20")
        test.equal("direct mode: the program runs", (r.status, r.out), (plain.status, plain.out))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        r = test.run([lib.TOOL, "listen", "127.0.0.1:%d" % port])
        message(r, "listen, port in use", 1, str(port), "in use")
        cut = threading.Thread(target=lambda: s.accept()[0].close())
        cut.start()
        both = test.path("both.dalloc")
        r = test.run([lib.TOOL, "record", "--server", "127.0.0.1:%d" % port, "-o", both, victim, "20", "300", "20"])
        cut.join()
        test.equal("listener goes away: status, output", (r.status, r.out), (plain.status, plain.out))
        test.equal("and the file is whole", report(both).status, 0)
    r = test.run([lib.TOOL, "listen", "no-such-host.invalid:7000"])
    message(r, "listen on a name that does not resolve", 1, "no-such-host.invalid")
    r = test.run([lib.TOOL, "listen", "192.0.2.1:7000"])
    message(r, "listen on an address that is not here", 1, "192.0.2.1")
    r = test.run([lib.TOOL, "listen", "--rootfs", test.path("nowhere"), "127.0.0.1:0"])
    message(r, "listen, no rootfs", 1, "nowhere", "No such file")


for target in test.targets("native"):
    victim, recording = check_rootfs(target)
    direct = test.path("direct.dalloc")
    test.equal("direct", target.direct(direct, victim, "10", "200").status, 0)
    check_files(direct)
    check_outputs(target, victim, recording)
    check_programs(target, victim)
    check_network(target, victim)
    check_full_disk(target, victim, recording)
test.finish()
