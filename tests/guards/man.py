#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each page is clean for mandoc -T lint; each command's page and --help have the same options."""
import glob
import os
import re
import shutil
import subprocess
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
TOOL = os.environ.get("DUMPALLOC", "./dumpalloc")
MANDOC = os.environ.get("MANDOC", "mandoc")
COMMANDS = ("record", "listen", "report")
PAGES = ("dumpalloc.1", "dumpalloc-json.5", "dumpalloc-trace.5", "libdumpalloc.7",
         *(f"dumpalloc-{c}.1" for c in COMMANDS))
# mandoc's own words on style; the date and the system's name are no business of ours.
IGNORED = re.compile(r"referenced manual not found|outdated mandoc.db|"
                     r"operating system explicitly specified|Mdocdate missing|RCS id missing")


def lint_faults(page):
    done = subprocess.run([MANDOC, "-T", "lint", "-W", "all", page], text=True,
                          capture_output=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if not IGNORED.search(line)]


def help_options(command):
    """(long options, short options) that --help lists at the start of a line."""
    done = subprocess.run([TOOL, command, "--help"], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{TOOL} {command} --help: status {done.returncode}")
    found = set()
    for line in done.stdout.splitlines():
        m = re.match(r"\s+(?:-(\w), |)--([a-z][a-z-]*)", line)
        if m:
            found.update(filter(None, ("--" + m[2], m[1] and "-" + m[1])))
    return found


def page_options(page):
    """The options that have an item of their own: .It Fl o , Fl -output Ns = Ns Ar FILE"""
    found = set()
    with open(page, encoding="utf-8") as f:
        for line in f:
            if not line.startswith(".It Fl "):
                continue
            macro = ""
            for word in line.split()[1:]:
                if re.fullmatch("Fl|Ar|Ns|Cm|Xo|Xc|Op|Oo|Oc|Pa|Li|No", word):
                    macro = word
                elif macro == "Fl" and re.fullmatch(r"-?[A-Za-z][\w-]*", word):
                    found.add("-" + word)
    return found


def main():
    faults = []
    for name in PAGES:
        if not os.path.exists(os.path.join(TOP, "man", name)):
            faults.append(f"man/{name} is missing")
    pages = sorted(glob.glob(os.path.join(TOP, "man", "*.[1-8]")))
    for page in pages:
        faults += lint_faults(page)
    for command in COMMANDS:
        page = os.path.join(TOP, "man", f"dumpalloc-{command}.1")
        if not os.path.exists(page):
            continue
        in_help, in_page = help_options(command), page_options(page)
        faults += [f"{page}: {o} is in --help only" for o in sorted(in_help - in_page)]
        faults += [f"{page}: {o} is not in --help" for o in sorted(in_page - in_help)]
    print("\n".join(faults))
    print(f"{len(pages)} pages, {len(faults)} faults")
    return 1 if faults else 0


if not shutil.which(MANDOC):
    print("SKIP: mandoc is not installed")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)
sys.exit(main())
