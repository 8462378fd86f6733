#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No function over 60 lines, no source file over 600; exceptions stand in sizes.allow."""
import os
import re
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
FUNCTION_CAP = 60
FILE_CAP = 600
BUILD_CAPS = {"configure.ac": 150, "Makefile.am": 250}
NAME = re.compile(r"(\w+)\s*\(")
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)\s*")


def allowed():
    """The things excepted: 'path' or 'path:function', each with its reason."""
    with open(os.path.join(TOP, "tests/guards/sizes.allow"), encoding="utf-8") as f:
        lines = [line.split("#")[0].strip() for line in f if not line.startswith("#")]
    entries = dict((line.split(None, 1) + [""])[:2] for line in lines if line)
    for key, reason in entries.items():
        if not reason:
            sys.exit(f"sizes.allow: {key}: no reason given")
    return entries


def signature(lines, brace):
    """Index of the first line of the function whose '{' stands alone in line number brace."""
    first = brace
    while first > 0 and lines[first - 1].strip() and not lines[first - 1].startswith(
            ("}", "#", "/*", " */")) and not lines[first - 1].rstrip().endswith((";", "*/")):
        first -= 1
    return first


def functions(lines):
    """(name, first line, last line), both counted from 1; kernel braces make it this easy."""
    brace = None
    for i, line in enumerate(lines):
        if line.rstrip() == "{":
            brace = i
        elif line.startswith("}") and brace is not None:
            first = signature(lines, brace)
            head = ATTRIBUTE.sub("", " ".join(lines[first:brace]))
            m = NAME.search(head)
            if m and m[1] in ("START_TEST", "END_TEST"):
                m = re.search(r"\(\s*(\w+)", head)
            yield (m[1] if m else "?"), first + 1, i + 1
            brace = None


def sources():
    for top in ("src", "tests", "examples"):
        for folder, _, names in sorted(os.walk(os.path.join(TOP, top))):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cc", ".S")):
                    yield os.path.join(folder, name)


def main():
    excepted, used, faults = allowed(), set(), []
    files = count = longest = 0
    for full in sources():
        path = os.path.relpath(full, TOP)
        with open(full, encoding="utf-8") as f:
            lines = f.read().splitlines()
        files += 1
        if len(lines) > FILE_CAP:
            used.add(path)
            if path not in excepted:
                faults.append(f"{path}: {len(lines)} lines, cap {FILE_CAP}")
        for name, first, last in functions(lines):
            count += 1
            size, key = last - first + 1, f"{path}:{name}"
            if size <= FUNCTION_CAP:
                longest = max(longest, size)
                continue
            used.add(key)
            if key not in excepted:
                faults.append(f"{path}:{first}: {name}: {size} lines, cap {FUNCTION_CAP}")
    for path, cap in BUILD_CAPS.items():
        with open(os.path.join(TOP, path), encoding="utf-8") as f:
            lines = len(f.readlines())
        if lines > cap:
            faults.append(f"{path}: {lines} lines, cap {cap}")
    faults += [f"sizes.allow: {key} needs no exception" for key in sorted(set(excepted) - used)]
    print("\n".join(faults))
    print(f"{files} files, {count} functions, longest within the cap {longest}, "
          f"{len(faults)} faults")
    return 1 if faults or not files or not count else 0


sys.exit(main())
