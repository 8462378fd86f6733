#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the symbols layer with addr2line -a -i -f -C on sampled addresses of ELF files.

usage: compare_addr2line.py [--cli PROGRAM] [--count N] [--seed N] [--min RATE] [--debug-path DIR]
                            [--debug-file FILE] [--show N] FILE...

Prints, per file, how many addresses agree (function, file and line of every frame) and how many
differ in each way. A difference is explained if llvm-symbolizer or eu-addr2line (elfutils), where
installed, has our file and line for every frame and not binutils'; if the address is in the padding
behind the end of a function, to which addr2line stretches the symbol before it; if both names are
symbols of the same address; or if addr2line has a symbol's name ("main.cold") where the debug data
have the function's. Fails if the rate of addresses that agree or are explained is below RATE.
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys

NO_LINE = re.compile(r":(\?|0)$")


def sections(path):
    """(address, size) of each executable section that has bytes."""
    out = subprocess.run([os.environ.get("READELF", "readelf"), "-SW", path],
                         capture_output=True, text=True, check=True).stdout
    found = []
    for line in out.splitlines():
        m = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+(\S+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)"
                     r"\s+\S+\s+([A-Za-z]*)", line)
        if m and "X" in m[5] and m[2] != "NOBITS" and not m[1].startswith(".plt"):
            found.append((int(m[3], 16), int(m[4], 16)))
    return found


def sample(path, count, seed):
    parts = sections(path)
    total = sum(size for _, size in parts)
    rng = random.Random(seed)
    picked = set()
    for at in sorted(rng.sample(range(total), min(count, total))):
        for start, size in parts:
            if at < size:
                picked.add(start + at)
                break
            at -= size
    return sorted(picked)


def tidy(place):
    place = re.sub(r" \(discriminator \d+\)$", "", place)
    path, _, line = place.rpartition(":")
    if line in ("?", "0"):
        # A file without a line is the symbol table's guess.
        return "??:?"
    return os.path.normpath(path) + ":" + line


def parse(text):
    """address -> list of (function, place), innermost first."""
    result, frames = {}, None
    lines = iter(text.splitlines())
    for line in lines:
        if re.fullmatch(r"0x[0-9a-f]+", line):
            frames = result.setdefault(int(line, 16), [])
        else:
            frames.append((line, tidy(next(lines, "??:?"))))
    return result


def run(command, addresses):
    text = "".join("0x%x\n" % a for a in addresses)
    done = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace")
    return parse(done.stdout), done


def classify(ours, theirs):
    if len(ours) != len(theirs):
        if ours[-1] == theirs[-1] or not (len(ours) > 1 or len(theirs) > 1):
            return "number of inlined frames"
        return "other frames"
    names = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a[0] != b[0]]
    places = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a[1] != b[1]]
    if names and all(theirs[i][0] == "??" for i in names) and not places:
        return "name only here"
    if names and all(ours[i][0] == "??" for i in names) and not places:
        return "name only in addr2line"
    if names and not places:
        return "other name"
    if places and not names:
        if all(ours[i][1].rpartition(":")[2] == theirs[i][1].rpartition(":")[2] for i in places):
            return "other file, same line"
        return "other line"
    return "name and place"


def functions(path, debug_file):
    """(start, end) of each function symbol with a size."""
    found = []
    for name in [path] + debug_file:
        out = subprocess.run([os.environ.get("READELF", "readelf"), "-sW", name],
                             capture_output=True, text=True, errors="replace").stdout
        for line in out.splitlines():
            m = re.match(r"\s*\d+:\s+([0-9a-f]+)\s+(\d+|0x[0-9a-f]+)\s+(FUNC|IFUNC)\s", line)
            if m:
                found.append((int(m[1], 16), int(m[1], 16) + int(m[2], 0)))
    return found


def names_by_start(path, debug_file):
    """demangled name -> addresses it is the name of."""
    found = collections.defaultdict(set)
    for name in [path] + debug_file:
        for flag in ("-C", "-CD"):
            out = subprocess.run([os.environ.get("NM", "nm"), flag, "--defined-only", name],
                                 capture_output=True, text=True, errors="replace").stdout
            for line in out.splitlines():
                start, _, rest = line.partition(" ")
                found[rest[2:].partition("@")[0]].add(start)
    return found


def llvm_places(path, addresses):
    """address -> place of each frame, as llvm-symbolizer has it."""
    tool = shutil.which("llvm-symbolizer")
    if not tool or not addresses:
        return {}
    answers, _ = run([tool, "--obj=" + path, "--output-style=GNU", "-a", "-i", "-f"], addresses)
    return {a: [place for _, place in frames] for a, frames in answers.items()}


def elfutils_places(path, addresses):
    """address -> place of the innermost frame, as eu-addr2line has it."""
    tool = shutil.which("eu-addr2line")
    if not tool or not addresses:
        return {}
    text = "".join("0x%x\n" % a for a in addresses)
    lines = subprocess.run([tool, "-a", "-e", path], input=text, capture_output=True, text=True,
                           errors="replace").stdout.splitlines()
    result = {}
    for head, place in zip(lines[::2], lines[1::2]):
        m = re.match(r"(.*?:\d+)(:\d+)?( .*)?$", place)
        result[int(head, 16)] = [tidy(m[1] if m else "??:0")]
    return result


def are_aliases(ours, theirs, names):
    return len(ours) == len(theirs) and all(
        a[1] == b[1] and (a[0] == b[0] or names[a[0]] & names[b[0]]) for a, b in zip(ours, theirs))


def bare(name):
    """Without parameters, qualification and the compiler's suffix."""
    name = name.replace("(anonymous namespace)", "{anonymous}").partition("(")[0]
    return re.sub(r"(\.\w+)+$", "", name.rpartition("::")[2])


def are_symbol_guesses(ours, theirs):
    """binutils gave the name of the symbol found there to a part of its function, or to a function
    inlined where it starts; or for a function without a linkage name only one of us found it."""
    return len(ours) == len(theirs) and all(
        a[1] == b[1] and (bare(b[0]) in (bare(a[0]), bare(ours[-1][0])))
        for a, b in zip(ours, theirs))


def explain(address, ours, theirs, others, spans, names):
    if are_aliases(ours, theirs, names):
        return "two names of one function"
    if are_symbol_guesses(ours, theirs):
        return "symbol of the function or its part"
    if ours[0][0] == "??" and not any(start <= address < end for start, end in spans):
        return "padding behind a function"
    for name, places in others.items():
        places = places.get(address, [])
        if places and [p for _, p in ours][:len(places)] == places and (
                len(places) == len(ours) or name == "elfutils") and (
                [p for _, p in theirs][:len(places)] != places or len(theirs) != len(ours)):
            return name + " agrees with us"
    return None


def compare(path, args):
    addresses = sample(path, args.count, args.seed)
    cli = [args.cli] + sum([["--debug-path", d] for d in args.debug_path], [])
    ours, done = run(cli + [os.path.abspath(path)], addresses)
    if done.returncode:
        sys.exit("%s: %s" % (args.cli, done.stderr))
    addr2line = os.environ.get("ADDR2LINE", "addr2line")
    theirs, _ = run([addr2line, "-a", "-i", "-f", "-C", "-e", path], addresses)
    differing = [a for a in addresses if ours.get(a) != theirs.get(a)]
    others = {"llvm": llvm_places(path, differing), "elfutils": elfutils_places(path, differing)}
    spans = functions(path, args.debug_file)
    names = names_by_start(path, args.debug_file)
    classes, unexplained = collections.Counter(), 0
    for a in differing:
        kind, why = classify(ours[a], theirs[a]), explain(
            a, ours[a], theirs[a], others, spans, names)
        unexplained += why is None
        kind += ": " + why if why else ""
        classes[kind] += 1
        if classes[kind] <= args.show:
            print("  0x%x %s\n    ours %s\n    theirs %s" % (a, kind, ours[a], theirs[a]))
    same = len(addresses) - len(differing)
    print("%s: %d of %d addresses agree (%.2f %%), %d differ explained, %d unexplained; %s" % (
        os.path.basename(path), same, len(addresses), 100 * same / len(addresses),
        len(differing) - unexplained, unexplained, done.stderr.strip()[:300]))
    for kind, n in classes.most_common():
        print("  %6d  %s" % (n, kind))
    return (len(addresses) - unexplained) / len(addresses) >= args.min


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--cli", default="./symbols_cli")
    p.add_argument("--count", type=int, default=3000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--min", type=float, default=0.0)
    p.add_argument("--show", type=int, default=0)
    p.add_argument("--debug-path", action="append", default=[])
    p.add_argument("--debug-file", action="append", default=[],
                   help="separate debug file, to know where functions end")
    p.add_argument("files", nargs="+")
    args = p.parse_args()
    return 0 if all([compare(f, args) for f in args.files]) else 1


if __name__ == "__main__":
    sys.exit(main())
