#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each #include below src/ follows the layer table; third-party headers stay where they belong."""
import os
import re
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
SRC = os.path.join(TOP, "src")
IN_TARGET = {
    "base": {"base"},
    "codec": {"codec", "base"},
    "unwind": {"unwind", "base"},
    "preload": {"preload", "unwind", "codec", "base"},
}
BELOW = IN_TARGET["preload"]
ALLOWED = dict(IN_TARGET)
ALLOWED["ds"] = {"ds"} | BELOW
for side in ("collect", "model", "symbols"):
    ALLOWED[side] = {side} | ALLOWED["ds"]
ALLOWED["report"] = {"report", "model", "symbols", "collect"} | ALLOWED["ds"]
ALLOWED["cmd"] = {"cmd"} | ALLOWED["report"]

# Folders given by -I with the host CPU's own files, and who may use which.
CPU_FOLDERS = {"src/base/arch": {"base", "preload"}, "src/unwind": {"unwind"}}
ENTRY_USERS = {"unwind", "preload"}
# Nothing in the target may reach for these.
NOT_IN_TARGET = {"alloca.h", "assert.h", "malloc.h", "stdio.h", "stdlib.h", "string.h", "strings.h"}
# header -> library, as third-party.list names it
THIRD_PARTY = {
    "gelf.h": "libelf", "libelf.h": "libelf",
    "dwarf.h": "libdwarf", "libdwarf.h": "libdwarf",
    "libdwarf/dwarf.h": "libdwarf", "libdwarf/libdwarf.h": "libdwarf",
    "demangle.h": "libiberty", "libiberty/demangle.h": "libiberty",
    "jansson.h": "jansson",
    "ncurses.h": "ncurses",
    "zlib.h": "zlib",
    "zstd.h": "zstd", "zstd_errors.h": "zstd",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def third_party_files():
    """library -> files that may include its headers, from third-party.list"""
    allowed = {}
    with open(os.path.join(TOP, "tests/guards/third-party.list"), encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                allowed.setdefault(words[0], set()).update(words[1:])
    return allowed


def cpu_header_users(header):
    """The layers that may include the CPU's own header, or None if it is no such header."""
    for folder, users in CPU_FOLDERS.items():
        if os.path.exists(os.path.join(TOP, folder, "generic", header)):
            return ENTRY_USERS if header == "entry.h" else users
    return None


def fault_of(path, layer, quote, header, third):
    if header in THIRD_PARTY:
        if path.endswith(".h"):
            return "a third-party header in a header"
        if path not in third.get(THIRD_PARTY[header], ()):
            return "not in tests/guards/third-party.list"
        return None
    if quote == "<":
        if layer in IN_TARGET and header in NOT_IN_TARGET:
            return "not to be used in the target"
        return None
    if header == "config.h":
        return None
    users = cpu_header_users(header)
    if users:
        return None if layer in users else f"{layer}/ may not see the CPU's file"
    other = header.split("/")[0]
    if "/" not in header or not os.path.exists(os.path.join(SRC, header)):
        return 'include as "layer/file.h"'
    if other not in ALLOWED[layer]:
        return f"{layer}/ may not see {other}/"
    return None


def main():
    third = third_party_files()
    faults, files, edges = [], 0, 0
    used = set()
    for folder, _, names in sorted(os.walk(SRC)):
        for name in sorted(n for n in names if n.endswith((".c", ".h", ".S"))):
            full = os.path.join(folder, name)
            path = os.path.relpath(full, TOP)
            layer = path.split(os.sep)[1]
            if layer not in ALLOWED:
                faults.append(f"{path}: {layer}/ is not a layer")
                continue
            files += 1
            with open(full, encoding="utf-8") as f:
                for number, line in enumerate(f, 1):
                    m = INCLUDE.match(line)
                    if not m:
                        continue
                    edges += 1
                    used.add((THIRD_PARTY.get(m[2]), path))
                    why = fault_of(path, layer, m[1], m[2], third)
                    if why:
                        faults.append(f"{path}:{number}: {m[2]}: {why}")
    for library, paths in third.items():
        faults += [f"third-party.list: {p} does not include {library}"
                   for p in sorted(paths) if (library, p) not in used]
    print("\n".join(faults))
    print(f"{files} files, {edges} includes, {len(faults)} faults")
    return 1 if faults or not files else 0


sys.exit(main())
