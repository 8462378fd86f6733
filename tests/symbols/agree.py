#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sampled addresses of C, C++ and Rust programs have the names that addr2line -i -f -C gives them.

Each difference must be one that compare_addr2line.py can explain. By hand, on files of your own:
compare_addr2line.py --cli tests/symbols_cli FILE...
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import CC, CLI, C_SAMPLE, CXX_SAMPLE, RUST_SAMPLE, Tests, run, write  # noqa: E402

COMPARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare_addr2line.py")


def agree(folder, compiler, source, name, variants, tools=None):
    write(os.path.join(folder, name), source)
    for i, flags in enumerate(variants):
        run(*compiler, *flags, name, "-o", "program%d" % i, cwd=folder)
    programs = [os.path.join(folder, "program%d" % i) for i in range(len(variants))]
    print(run(sys.executable, COMPARE, "--cli", CLI, "--count", "2000", "--min", "0.999", *programs,
              env={**os.environ, **(tools or {})}, text=True).stdout, end="")


VARIANTS = (("-O2", "-g"), ("-O0", "-g"), ("-O2", "-gdwarf-4"))


def c_agrees(folder):
    agree(folder, CC, C_SAMPLE, "sample.c", VARIANTS)


def cxx_agrees(folder):
    if not shutil.which("c++"):
        return "no C++ compiler"
    return agree(folder, ["c++"], CXX_SAMPLE, "sample.cc", VARIANTS)


def clang_agrees(folder):
    if not shutil.which("clang++"):
        return "no clang"
    # For DWARF 5, GNU addr2line up to 2.40 loses inlined frames; llvm-symbolizer decides.
    variants = (("-O2", "-gdwarf-4"),) + (
        (("-O2", "-gdwarf-5"),) if shutil.which("llvm-symbolizer") else ())
    return agree(folder, ["clang++"], CXX_SAMPLE, "sample.cc", variants)


def rust_agrees(folder):
    rustc = shutil.which("rustc") or os.path.expanduser("~/.cargo/bin/rustc")
    if not os.path.exists(rustc):
        return "no rustc"
    return agree(folder, [rustc], RUST_SAMPLE, "sample.rs", (("-g",), ("-g", "-O")))


def big_endian_mips_agrees(folder):
    triplet = "mips-linux-gnu-"
    if not shutil.which(triplet + "gcc"):
        return "no MIPS compiler"
    tools = {"ADDR2LINE": triplet + "addr2line", "NM": triplet + "nm"}
    return agree(folder, [triplet + "gcc"], C_SAMPLE, "sample.c",
                 (("-O2", "-g"), ("-O2", "-g", "-static")), tools)


def main():
    if not shutil.which(os.environ.get("ADDR2LINE", "addr2line")):
        sys.exit(77)
    t = Tests()
    for test in (c_agrees, cxx_agrees, clang_agrees, rust_agrees, big_endian_mips_agrees):
        t.run(test)
    t.finish()


if __name__ == "__main__":
    main()
