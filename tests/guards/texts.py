#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Licence line in each file, nothing of the author's machine, every source listed and sorted."""
import os
import re
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
FOLDERS = ("src", "tests", "man", "m4", "bench", "examples", ".ci")
SINGLE = ("configure.ac", "Makefile.am", "quickstart", ".gitignore", ".clang-format")
PROSE = ("README", "NEWS")
DATA = re.compile(r"\.(bin|dalloc|gz|zst|json|txt|expected|golden|hex|so|elf)$")
IN_TARGET = ("src/base/", "src/codec/", "src/unwind/", "src/preload/")
MACHINE = re.compile(r"(?<![\w.$})])/(work|root|home/(?!(me|you)/)\w+|tmp/b-\w+|tmp/brief)/|Users/\w+/|\bregistry\.\w|"
                     r"\b(artifactory|nexus)\b", re.I)
COLUMNS = 100
# A file of the list in Makefile.am: src/LAYER/... or tests/...
LISTED = re.compile(r"\b(?:src|tests|man|examples|bench)/[\w./+-]*\w")


def files():
    for name in SINGLE + PROSE:
        if os.path.exists(os.path.join(TOP, name)):
            yield name
    for folder in FOLDERS:
        for at, folders, names in os.walk(os.path.join(TOP, folder)):
            folders[:] = sorted(f for f in folders if f not in (".deps", "__pycache__"))
            for name in sorted(names):
                path = os.path.relpath(os.path.join(at, name), TOP)
                if not re.search(r"(\.(o|a|log|trs|pyc)|~|/\.dirstamp)$", path) and \
                        not is_program(path):
                    yield path


def is_program(path):
    """A test built in the source folder."""
    with open(os.path.join(TOP, path), "rb") as f:
        return f.read(4) == b"\x7fELF"


def licence_fault(path, lines):
    want = "LGPL-2.1-or-later" if path.startswith(IN_TARGET) else "GPL-3.0-or-later"
    if path in PROSE:
        return None
    head = "\n".join(lines[:2])
    m = re.search(r"SPDX-License-Identifier: (\S+)", head)
    if not m:
        return "no SPDX line"
    return None if m[1] == want else f"is to be {want}"


def line_faults(path, lines):
    source = path.startswith("src/")
    for number, line in enumerate(lines, 1):
        if MACHINE.search(line) and path != "tests/guards/texts.py":
            yield f"{number}: a path of some machine"
        if source and len(line.expandtabs(8)) > COLUMNS:
            yield f"{number}: longer than {COLUMNS} columns"
        if source and re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield f"{number}: unfinished"
        if line != line.rstrip() and not path.endswith((".m4", ".patch")):
            yield f"{number}: space at the end"


def list_faults(present):
    """The build lists name each source file, sorted within each list."""
    text = ""
    for name in ("Makefile.am", "src/sources.am", "tests/tests.am"):
        with open(os.path.join(TOP, name), encoding="utf-8") as f:
            text += f.read()
    listed = set(LISTED.findall(text))
    for path in sorted(present):
        # "tests/test_NAME" stands for its .c
        if path in listed or path.removesuffix(".c") in listed:
            continue
        if path.startswith("src/") and path.endswith((".c", ".h", ".S")):
            yield f"src/sources.am: {path} is missing"
        if path.startswith("tests/") and not path.endswith(".am"):
            yield f"tests/tests.am: {path} is missing"
    for m in re.finditer(r"^(\w+) \+?= \\\n((?:\t.*\n)+)", text, re.M):
        items = [line.split()[0].rsplit(".", 1)[0] for line in m[2].splitlines() if line.strip()]
        if m[1].endswith(("_SRC", "TESTS", "_FILES", "_MANS")) and items != sorted(items):
            yield f"{m[1]} is not sorted in its list"


def main():
    faults, present = [], list(files())
    for path in present:
        if DATA.search(path):
            continue
        with open(os.path.join(TOP, path), encoding="utf-8") as f:
            lines = f.read().splitlines()
        fault = licence_fault(path, lines)
        if fault:
            faults.append(f"{path}: {fault}")
        faults += [f"{path}:{fault}" for fault in line_faults(path, lines)]
    faults += list_faults(present)
    print("\n".join(faults))
    print(f"{len(present)} files, {len(faults)} faults")
    return 1 if faults or not present else 0


sys.exit(main())
