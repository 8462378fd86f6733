#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each header compiles alone; tool headers refuse DA_IN_TARGET, the others take it."""
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
SRC = os.path.join(TOP, "src")
BUILD = os.environ.get("top_builddir", ".")
ARCH = os.environ.get("DA_ARCH", "generic")
CC = shlex.split(os.environ.get("CC", "cc"))
IN_TARGET = ("base", "codec", "unwind", "preload")
CPUS = ("x86_64", "aarch64", "arm", "i386", "mips", "riscv", "generic")
FLAGS = ["-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c", "-",
         f"-I{SRC}", f"-I{SRC}/base/arch/{ARCH}", f"-I{SRC}/unwind/{ARCH}", f"-I{BUILD}",
         "-D_GNU_SOURCE"]


def compiles(text, *flags):
    done = subprocess.run(CC + FLAGS + list(flags), input=text, text=True, capture_output=True,
                          check=False)
    return done.returncode == 0, done.stderr


def is_per_cpu(header):
    """In a CPU's folder under a name that each CPU has: found by -I, same guard everywhere."""
    *above, folder, name = header.split("/")
    return folder in CPUS and all(os.path.exists(os.path.join(SRC, *above, cpu, name))
                                  for cpu in CPUS)


def faults_of(header):
    layer, _, name = header.partition("/")
    text = f'#include "{header}"\n#include "{header}"\ntypedef int da_not_empty;\n'
    with open(os.path.join(SRC, header), encoding="utf-8") as f:
        body = f.read()
    faults = []
    guard = "DA_" + re.sub(r"[^A-Z0-9]", "_", f"{layer}/{name}".upper())
    if is_per_cpu(header):
        guard = guard.replace("_" + header.split("/")[-2].upper() + "_", "_")
    if f"#ifndef {guard}\n#define {guard}\n" not in body:
        faults.append(f"{header}: the guard is to be {guard}")
    ok, errors = compiles(text)
    if not ok:
        faults.append(f"{header}: does not compile alone\n{errors}")
    ok, errors = compiles(text, "-DDA_IN_TARGET", "-ffreestanding")
    if layer in IN_TARGET and not ok:
        faults.append(f"{header}: does not compile in the target\n{errors}")
    if layer not in IN_TARGET and (ok or "tool header included in the shim" not in errors):
        faults.append(f"{header}: does not refuse DA_IN_TARGET")
    return faults


def main():
    headers = []
    for folder, _, names in os.walk(SRC):
        rel = os.path.relpath(folder, SRC)
        for name in names:
            header = os.path.normpath(os.path.join(rel, name))
            # Another CPU's file need not compile on this one.
            if name.endswith(".h") and (not is_per_cpu(header) or rel.endswith("/" + ARCH)):
                headers.append(header)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [f for fs in pool.map(faults_of, sorted(headers)) for f in fs]
    print("\n".join(faults))
    print(f"{len(headers)} headers, {len(faults)} faults")
    return 1 if faults or not headers else 0


sys.exit(main())
