#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions that one malloc and free take: the same on a noisy machine as on a quiet one.

usage: cd BUILD; python3 ../bench/instructions.py [--rows REGEX] [--tool PATH] [--top N]
       cd BUILD; python3 ../bench/instructions.py --target mipsel [--rows REGEX]

Runs bench/micro.c under Valgrind's callgrind, natively and below dumpalloc record, with two
numbers of pairs: the difference of the counts, divided by that of the pairs, leaves out starting
and ending. The program and the recorder are counted apart. The recorder's batches depend on the
timing, so its count varies a little; the program's does not with one thread.

With --target, below qemu-user and with the library of make check's cross build, which there writes
the recording by itself: what that takes is in the count, compressing is not. Every instruction is a
line of qemu's log (-singlestep -d exec,nochain); a branch and its delay slot are two.
"""
import argparse
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import workloads

FEW, MANY = 10240, 40960
QEMU_FEW, QEMU_MANY = 512, 1536
TOOLS = ("/usr/libexec/valgrind", "/usr/lib/valgrind", "/usr/lib/*/valgrind",
         "/usr/local/libexec/valgrind", "/usr/local/lib/valgrind")
NATIVE, ALLOC, ALL = "native", "alloc", "all"


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--rows", default="", metavar="REGEX", help="only rows whose name matches")
    p.add_argument("--tool", default="./dumpalloc", help="default ./dumpalloc")
    p.add_argument("--top", type=int, default=0, metavar="N",
                   help="also the N functions that take most in the program")
    p.add_argument("--option", action="append", default=[], metavar="OPTION",
                   help="to be given to dumpalloc record")
    p.add_argument("--target", metavar="CPU", help="mipsel, mips, aarch64, ...: under qemu-user")
    o = p.parse_args()
    o.tool = os.path.abspath(o.tool)
    return o


def counted(path):
    """The command and the instructions of one of callgrind's files."""
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    command = re.search(r"^cmd:\s*(.*)$", text, re.M)
    total = re.search(r"^(?:summary|totals):\s*(\d+)", text, re.M)
    return (command[1] if command else ""), int(total[1]) if total else 0


def callgrind(argv, folder, program):
    """Instructions of @program and of the others, and the program's file."""
    for path in glob.glob(os.path.join(folder, "cg.*")):
        os.unlink(path)
    files = "--callgrind-out-file=" + os.path.join(folder, "cg.%p")
    subprocess.run([os.path.join(folder, "launcher"), "-q", "--tool=callgrind",
                    "--trace-children=yes", files, *argv],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = others = 0
    file = None
    for path in glob.glob(os.path.join(folder, "cg.*")):
        command, total = counted(path)
        if command.startswith(program):
            own, file = own + total, path
        else:
            others += total
    return own, others, file


def functions(path, n, pairs):
    """The @n functions of one of callgrind's files that take most, with their share of a pair."""
    done = subprocess.run(["callgrind_annotate", "--threshold=100", path], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = re.findall(r"^ *([\d,]+)(?: \([ \d.]+%\))? +\S*?:(\S+)", done.stdout.decode(), re.M)
    for count, name in found[:n]:
        yield int(count.replace(",", "")) / pairs, name


def with_names(top, library):
    """The same with names in place of addresses: the shim that is embedded has no symbols, that in
    @library has, and its load address is the one at which most addresses are of functions."""
    done = subprocess.run(["nm", library], stdout=subprocess.PIPE, check=False)
    symbols = {int(a, 16): name
               for a, name in re.findall(r"^(\w+) [tT] (\S+)$", done.stdout.decode(), re.M)}
    unnamed = [int(name, 16) for _, name in top if name.startswith("0x")]
    bases = {a - s for a in unnamed for s in symbols if not (a - s) % 4096}
    base = max(bases, default=0, key=lambda b: sum(a - b in symbols for a in unnamed))
    return [(count, symbols.get(int(name, 16) - base, name) if name.startswith("0x") else name)
            for count, name in top]


def per_pair(row, mode, folder, o):
    """Instructions a pair takes in the program and in the recorder."""
    prefix = [o.tool, "record", "-q", "--force", "-o", os.path.join(folder, "recording"),
              *o.option, "--"]
    if mode == ALLOC:
        prefix.insert(2, "--stacks=alloc")
    counts = []
    for pairs in FEW, MANY:
        argv = [row.argv[0], str(pairs), *row.argv[2:]]
        counts.append(callgrind((prefix if mode != NATIVE else []) + argv, folder, row.argv[0]))
    (few, few_others, _), (many, many_others, file) = counts
    top = list(functions(file, o.top, MANY)) if o.top else []
    return (many - few) / (MANY - FEW), (many_others - few_others) / (MANY - FEW), top


def emulated(row, mode, pairs, folder, triplet):
    """Instructions of all of @row with so many pairs."""
    qemu = ["qemu-" + triplet.split("-")[0] + "-static", "-L", "/usr/" + triplet]
    if mode != NATIVE:
        library = os.path.abspath(os.path.join("cross", triplet, "libdumpalloc.so"))
        for setting in ("LD_PRELOAD=" + library, "DUMPALLOC_STACKS=" + mode,
                        "DUMPALLOC_FILE=" + os.path.join(folder, "recording")):
            qemu += ["-E", setting]
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, "recording"))
    argv = [*qemu, "-singlestep", "-d", "exec,nochain", row.argv[0], str(pairs), *row.argv[2:]]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as p:
        count = sum(part.count(b"\n") for part in iter(lambda: p.stderr.read(1 << 20), b""))
    if p.returncode:
        sys.exit(f"{' '.join(argv)}: status {p.returncode}")
    return count


def run_emulated(o, folder):
    triplet = o.target + ("-linux-gnueabihf" if o.target == "arm" else "-linux-gnu")
    os.environ["CC"] = triplet + "-gcc"
    workloads.compile_own(folder, ["micro"])
    print(f"{'instructions per malloc and free, ' + o.target:43} {'native':>7} {'alloc':>7} "
          f"{'all':>7}")
    for row in workloads.micro(folder, 1):
        if row.threads > 1 or not re.search(o.rows, row.name):
            continue
        native, alloc, everything = (
            (emulated(row, m, QEMU_MANY, folder, triplet)
             - emulated(row, m, QEMU_FEW, folder, triplet)) / (QEMU_MANY - QEMU_FEW)
            for m in (NATIVE, ALLOC, ALL))
        print(f"{row.name:43} {native:7.0f} {alloc - native:+7.0f} {everything - native:+7.0f}",
              flush=True)


def callgrind_tool():
    """Valgrind's program for callgrind and this machine."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    for folder in TOOLS:
        for path in glob.glob(f"{folder}/callgrind-{machine}-linux"):
            return path
    sys.exit("valgrind is not installed")


def run(o, folder):
    workloads.compile_own(folder, ["micro"])
    workloads.compile_own(folder, ["launcher"], "-static", f'-DTOOL="{callgrind_tool()}"')
    print(f"{'':43} {'in the program':^23} {'in the recorder':^15}")
    print(f"{'instructions per malloc and free':43} {'native':>7} {'alloc':>7} {'all':>7} "
          f"{'alloc':>7} {'all':>7}", flush=True)
    for row in workloads.micro(folder, 1):
        if not re.search(o.rows, row.name):
            continue
        native, alloc, everything = (per_pair(row, m, folder, o) for m in (NATIVE, ALLOC, ALL))
        print(f"{row.name:43} {native[0]:7.0f} {alloc[0] - native[0]:+7.0f} "
              f"{everything[0] - native[0]:+7.0f} {alloc[1]:7.0f} {everything[1]:7.0f}", flush=True)
        library = os.path.join(os.path.dirname(o.tool), "libdumpalloc.so")
        for count, name in with_names(alloc[2], library):
            print(f"    {count:7.1f} {name}")


def main():
    o = options()
    if not os.path.exists(o.tool):
        sys.exit(f"{o.tool} is not there; run this in a build directory")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = os.path.realpath(tempfile.mkdtemp(prefix="bench-", dir="."))
    try:
        (run_emulated if o.target else run)(o, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
