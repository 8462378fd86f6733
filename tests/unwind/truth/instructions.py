#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guest instructions per event on MIPS (o32, little-endian): instructions.py WORK SHIM...

Counts the instructions of all translated blocks that are run (shadow.c with count=1) of a program
that makes pairs of malloc and free, at two numbers of pairs, with and without a recorder in direct
mode; the slope's difference, halved, is the cost of one event.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PAIRS = (10000, 110000)


def count(work, depth, pairs, shim):
    out = os.path.join(work, "count")
    for f in os.listdir(work):
        if f.startswith("count."):
            os.unlink(os.path.join(work, f))
    env = ["-E", "LD_PRELOAD=" + shim, "-E", "DUMPALLOC_FILE=" + os.path.join(work, "count-trace")] if shim else []
    subprocess.run(["qemu-mipsel", "-L", "/usr/mipsel-linux-gnu", "-plugin",
                    "%s/shadow.so,out=%s,count=1" % (work, out), *env, os.path.join(work, "micro"),
                    str(depth), str(pairs)], check=True)
    total = 0
    for f in os.listdir(work):
        if f.startswith("count."):
            with open(os.path.join(work, f)) as lines:
                total += int(next(lines).split("insns=")[1])
    return total


def main():
    work, shims = os.path.abspath(sys.argv[1]), sys.argv[2:]
    os.makedirs(work, exist_ok=True)
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-o", work + "/shadow.so", HERE + "/shadow.c"], check=True)
    subprocess.run(["mipsel-linux-gnu-gcc", "-O2", "-o", work + "/micro", HERE + "/micro.c"], check=True)
    for depth in (5, 20):
        slopes = []
        for shim in [None, *shims]:
            low, high = (count(work, depth, n, shim) for n in PAIRS)
            slopes.append((high - low) / (PAIRS[1] - PAIRS[0]))
        print("depth %2d: native %.1f a pair; added to one event: %s" % (depth, slopes[0], ", ".join(
            "%s %.1f" % (s, (v - slopes[0]) / 2) for s, v in zip(shims, slopes[1:]))))


if __name__ == "__main__":
    main()
