#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# H10: a rootfs whose files are not what they seem. No open outside it (seen by strace), no hang, a
# verdict and a reason per module; with openat2, and where the kernel has none.
import json
import os
import re
import shutil
import socket
import stat
import struct
import subprocess

import lib
from trace_writer import simple

SOURCE = "#include <stdlib.h>\nvoid *%s(void)\n{\n%s\treturn malloc(1);\n}\n"

test = lib.Test()
test.need("strace")
root, outside = test.path("rootfs"), test.path("outside")


def library(target, name, where):
    """A library with a function at the recording's address, and its build-id."""
    source = test.path(name + ".c")
    with open(source, "w") as f:
        f.write(SOURCE % (name, "\tasm volatile(\".fill 0x4000, 1, 0x90\");\n"))
    built = target.build(source, "-shared", "-fPIC", "-Wl,--build-id=sha1", name=name)
    shutil.move(built, where)
    notes = subprocess.run(["readelf", "-n", where], stdout=subprocess.PIPE, check=True).stdout.decode()
    return bytes.fromhex(re.search(r"Build ID: (\w+)", notes).group(1))


def link(to, path):
    os.makedirs(os.path.dirname(root + path), exist_ok=True)
    os.symlink(to, root + path)
    return path


def make(target):
    """{module path: (verdicts allowed, part of the reason or None)}; the modules of the recording."""
    os.makedirs(root + "/lib/dir")
    os.mkdir(outside)
    good = library(target, "inside", root + "/lib/inside.so")
    other = library(target, "another", root + "/lib/another.so")
    secret = library(target, "secret", outside + "/secret.so")
    up = "../" * 40
    os.mkfifo(root + "/lib/fifo.so")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(os.path.relpath(root + "/lib/socket.so"))
    with open(root + "/lib/huge.so", "wb") as f:
        f.write(open(root + "/lib/inside.so", "rb").read())
        f.truncate(1 << 40)
    with open(root + "/lib/text.so", "w") as f:
        f.write("no ELF file\n" * 1000)
    with open(root + "/lib/secret.so", "wb") as f:
        f.write(b"")
    os.link(root + "/lib/inside.so", root + "/lib/hard.so")
    wanted = {
        "/lib/inside.so": (good, ["match"], None),
        "/lib/hard.so": (good, ["match"], None),
        "/lib/another.so": (good, ["mismatch"], "build-id"),
        "/lib/missing.so": (good, ["absent"], "no such file"),
        link("/lib/inside.so", "/lib/absolute.so"): (good, ["match"], None),
        link("inside.so", "/lib/relative.so"): (good, ["match"], None),
        link(up + "lib/inside.so", "/lib/up-inside.so"): (good, ["match"], None),
        link("/" + up + "lib/inside.so", "/lib/absolute-up.so"): (good, ["match"], None),
        link(outside + "/secret.so", "/lib/absolute-out.so"): (secret, ["absent"], "no such file"),
        link(up + outside[1:] + "/secret.so", "/lib/relative-out.so"): (secret, ["absent"], "no such file"),
        link("../../outside/secret.so", "/lib/two-up.so"): (secret, ["absent"], "no such file"),
        link("/lib/loop-b.so", "/lib/loop-a.so"): (good, ["absent"], "links"),
        link("loop-a.so", "/lib/loop-b.so"): (good, ["absent"], "links"),
        link("self.so", "/lib/self.so"): (good, ["absent"], "links"),
        link("/proc/self/exe", "/lib/magic-exe.so"): (secret, ["absent"], None),
        link("/proc/self/root" + outside + "/secret.so", "/lib/magic-root.so"): (secret, ["absent"], None),
        link("/proc/1/cwd" + outside + "/secret.so", "/lib/magic-cwd.so"): (secret, ["absent"], None),
        link("/dev/fd/0", "/lib/magic-fd.so"): (secret, ["absent"], None),
        "/proc/self/exe": (secret, ["absent"], None),
        "/proc/self/root" + outside + "/secret.so": (secret, ["absent"], None),
        "/proc/self/fd/4/../outside/secret.so": (secret, ["absent"], None),
        "/" + up + outside[1:] + "/secret.so": (secret, ["absent"], "no such file"),
        "/lib/../../outside/secret.so": (secret, ["absent"], "no such file"),
        "/lib/fifo.so": (good, ["absent"], "FIFO"),
        "/lib/socket.so": (good, ["absent"], None),
        "/lib/dir": (good, ["absent"], "directory"),
        "/lib/inside.so/x": (good, ["absent"], "directory"),
        "/lib/huge.so": (good, ["absent"], "larger"),
        "/lib/text.so": (good, ["absent", "unverified"], None),
        "/lib/secret.so": (secret, ["absent", "unverified"], None),
        "/" + "a/" * 1000 + "x.so": (good, ["absent"], None),
        "/lib/" + "n" * 300 + ".so": (good, ["absent"], None),
    }
    for i in range(45):
        link("chain%d.so" % (i + 1) if i < 44 else "inside.so", "/lib/chain%d.so" % i)
    wanted["/lib/chain0.so"] = (good, ["absent"], "links")
    wanted["/lib/chain20.so"] = (good, ["match"], None)
    try:
        os.mknod(root + "/lib/null.so", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(root + "/lib/tty.so", stat.S_IFCHR | 0o666, os.makedev(5, 0))
        os.mknod(root + "/lib/disk.so", stat.S_IFBLK | 0o666, os.makedev(7, 0))
        wanted.update({"/lib/%s.so" % n: (good, ["absent"], "device") for n in ("null", "tty", "disk")})
    except PermissionError:
        test.note("device nodes left out: not root")
    return wanted


def opens(trace):
    """(path of what was opened, line) for each successful open after that of the rootfs."""
    found, inside = [], False
    for line in trace.split("\n"):
        m = re.search(r"open(?:at|at2)?\(.* = \d+<(.*)>", line)
        if not m:
            continue
        if inside:
            found.append((m.group(1), line))
        elif m.group(1) == root and "O_PATH" in line:
            inside = True
    test.ok(inside, "strace saw the rootfs opened")
    return found


def check(wanted, recording, proc, *inject):
    trace, out = test.path("trace"), test.path("out.json")
    argv = [lib.TOOL, "report", "--rootfs", root, "--format", "json:" + out, recording]
    argv = ["strace", "-f", "-qq", "-y", "-s", "5000", "-o", trace, "-e", "trace=open,openat,openat2,connect,execve",
            *inject, *argv]
    if proc:
        argv = ["unshare", "-m", "sh", "-c", 'mount --bind /proc "$0"/proc && mount --bind /dev/fd/ "$0"/dev/fd 2>/dev/null; exec "$@"',
                root, *argv]
    r = test.run(argv, hang=60)
    test.equal("status", r.status, 0)
    with open(trace) as f:
        trace = f.read()
    test.equal("openat2 was there", "openat2(" in trace and "ENOSYS" not in trace, not inject)
    allowed = (root + "/", recording, out, os.path.dirname(out), "/dev/urandom", "/dev/null")
    own = re.compile(r'AT_FDCWD<[^>]*>, "/proc/self/statm", O_RDONLY')  # a worker's own size
    bad = [line for path, line in opens(trace)
           if not path.startswith(allowed) and path != root and not own.search(line)]
    test.equal("opens outside the rootfs", bad[:3], [])
    test.equal("the secret opened", [x for x in trace.split("\n") if re.search(r"<[^>]*outside[^>]*>$", x)], [])
    test.equal("connects, programs", len(re.findall(r"connect\(|execve\(", trace)), 1)
    test.ok(r.seconds < 20, "no hang: %.1f s" % r.seconds)
    with open(out) as f:
        report = json.load(f)
    modules = {m["path"]: m for m in report["modules"]}
    test.equal("modules", len(modules), len(wanted))
    for path, (_, verdicts, reason) in wanted.items():
        m = modules[path]
        name = path if len(path) < 60 else path[:25] + "..." + path[-25:]
        good = m["symbols"] in verdicts and (not reason or reason in (m["reason"] or ""))
        if verdicts[0] in ("absent", "mismatch"):
            good = good and m["reason"]
        test.ok(good, "%s: %s, %s" % (name, m["symbols"], m["reason"]))
    names = {f["function"] for s in report["sites"] for f in s["stack"]}
    test.equal("names", sorted(n for n in names if n), ["another", "inside"])


for target in test.targets("native"):
    wanted = make(target)
    recording = test.path("links.dalloc")
    with open(recording, "wb") as f:
        f.write(simple([(path.encode(), build_id) for path, (build_id, _, _) in wanted.items()]))
    os.makedirs(root + "/proc")
    os.makedirs(root + "/dev/fd")
    can_mount = subprocess.run(["unshare", "-m", "mount", "--bind", "/proc", root + "/proc"],
                               stderr=subprocess.DEVNULL).returncode == 0
    if not can_mount:
        test.note("/proc inside the rootfs left out: cannot mount")
    for proc in (False, True) if can_mount else (False,):
        for inject in ((), ("-e", "inject=openat2:error=ENOSYS")):
            test.prefix = "%s%s: " % ("without openat2" if inject else "openat2", ", with /proc" if proc else "")
            check(wanted, recording, proc, *inject)
test.finish()
