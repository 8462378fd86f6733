#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shim needs nothing, exports the allocation family and asks only for weak symbols.

Checks ./libdumpalloc.so and those of the cross builds. What it exports stands in
src/preload/exports.map, what it may ask for in shim-undefined.list, one symbol a line."""
import glob
import os
import re
import subprocess
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
BUILD = os.environ.get("top_builddir", ".")
READELF = os.environ.get("READELF", "readelf")
# Put there by GNU ld for MIPS PIC code; local to the file in fact.
LINKER_MADE = {"_gp_disp", "_DYNAMIC_LINKING", "__RLD_MAP", "_fdata", "_ftext", "_edata", "_end",
               "__bss_start", "_fbss"}


def names_in(name):
    with open(os.path.join(TOP, "tests/guards", name), encoding="utf-8") as f:
        return {line.split("#")[0].strip() for line in f} - {""}


def exports_of_map():
    with open(os.path.join(TOP, "src/preload/exports.map"), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    return set(re.findall(r"\w+(?=;)", text.partition("global:")[2].partition("local:")[0]))


def readelf(shim, *options):
    env = dict(os.environ, LC_ALL="C")
    return subprocess.run([READELF, "-W", *options, shim], text=True, capture_output=True,
                          check=True, env=env).stdout


def dynamic_faults(shim):
    text = readelf(shim, "-d")
    faults = [f"has {tag}" for tag in ("(NEEDED)", "(TEXTREL)", "TEXTREL", "(RPATH)", "(RUNPATH)",
                                       "(VERNEED)", "(VERDEF)", "(INTERP)", "(GNU_HASH)")
              if tag in text]
    for flag in ("BIND_NOW", "STATIC_TLS", "NODELETE"):
        if flag not in text and (flag != "STATIC_TLS" or not has_initial_exec_tls(shim)):
            faults.append(f"lacks {flag}")
    if "[libdumpalloc.so]" not in text:
        faults.append("its soname is not libdumpalloc.so")
    return faults


def has_initial_exec_tls(shim):
    """Whether each thread-local is at a fixed offset; GNU ld sets no flag for AArch64."""
    relocations = set(re.findall(r"R_\w*TLS\w*|R_\w*TPOFF\w*", readelf(shim, "-r")))
    return relocations == {"R_AARCH64_TLS_TPREL64"} or not has_tls(shim)


def has_tls(shim):
    return re.search(r"^\s*TLS\s", readelf(shim, "-l"), re.M) is not None


def segment_faults(shim):
    text = readelf(shim, "-l")
    faults = []
    stack = re.search(r"^\s*GNU_STACK\s.*$", text, re.M)
    if not stack or re.search(r"\bRWE\b", stack[0]):
        faults.append("its stack is executable")
    if re.search(r"^\s*LOAD\s.*\bRWE\b", text, re.M):
        faults.append("has a segment that can be written and executed")
    # MIPS keeps its GOT out of it, so it may be empty there.
    if "GNU_RELRO" not in text and "MIPS" not in readelf(shim, "-h"):
        faults.append("lacks RELRO")
    return faults


def symbol_faults(shim, exports, undefined):
    defined, faults = set(), []
    row = re.compile(r"^\s*\d+:\s+\S+\s+\S+\s+(\S+)\s+(GLOBAL|WEAK|LOCAL|UNIQUE)\s+(\S+)\s.*?"
                     r"\s?(\S+)\s+(\S+)$")
    for line in readelf(shim, "--dyn-syms").splitlines():
        m = row.match(line)
        if not m:
            continue
        _, bind, visibility, section, name = m.groups()
        base = name.split("@")[0]
        if "@" in name:
            faults.append(f"{name} is versioned")
        if bind == "LOCAL" or visibility == "HIDDEN" or base in LINKER_MADE:
            continue
        if section != "UND":
            defined.add(base)
        elif base not in undefined:
            faults.append(f"asks for {base}")
        elif bind != "WEAK":
            faults.append(f"asks for {base}, and not weakly")
    faults += [f"exports {name}" for name in sorted(defined - exports)]
    faults += [f"does not export {name}" for name in sorted(exports - defined)]
    return faults


def main():
    exports, undefined = exports_of_map(), names_in("shim-undefined.list")
    shims = [os.path.join(BUILD, "libdumpalloc.so"),
             *sorted(glob.glob(os.path.join(BUILD, "cross/*/libdumpalloc.so")))]
    faults = []
    for shim in shims:
        found = dynamic_faults(shim) + segment_faults(shim) + symbol_faults(shim, exports, undefined)
        faults += [f"{shim}: {fault}" for fault in found]
    print("\n".join(faults))
    print(f"{len(shims)} shims, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
