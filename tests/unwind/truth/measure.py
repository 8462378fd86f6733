#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates of the MIPS unwinder against a shadow call stack. See README.

Usage: measure.py [OPTION]... WHAT...; --help lists the options.
WHAT: real, real:PROGRAM, hard, hard:PART-OF-A-ROW'S-NAME. Prints a table; status 1 if a goal is missed, 77 if
nothing could be run.
"""
import argparse
import collections
import os
import sys

import hard
import real
from bench import Bench, Missing, ORDER

HERE = os.path.dirname(os.path.abspath(__file__))
ENDS = ("complete", "depth", "no rule", "no module", "bad read", "not advancing", "foreign", "off")


def share(n, total):
    return 100.0 * n / total if total else 0.0


class Row:
    def __init__(self, name, stacks, facts, goal):
        self.name, self.facts, self.goal = name, facts, goal
        self.count = collections.Counter(v[0] for v in stacks.values())
        self.n = len(stacks)
        self.complete = sum(v[2] == "end=0" for v in stacks.values())
        self.depth = sum(int(v[3][2:]) for v in stacks.values()) / max(self.n, 1)
        self.fails = collections.Counter()
        for frames, v in stacks.items():
            if v[0] in ("truncated", "wrong"):
                right = int(v[4].split("=")[1])
                last = frames.split()[max(right - 1, 0)]
                self.fails[v[0], last, ENDS[int(v[2][4:])], v[6] if v[0] == "wrong" else ""] += 1

    def good(self):
        return self.n > 0 and self.count["wrong"] == 0 and not self.facts["crashed"] and \
            share(self.count["exact"], self.n) >= self.goal

    def text(self):
        rates = ["%6.2f" % share(self.count[v], self.n) for v in ORDER[1:]]
        return "%-34s %6d %5.1f  %s  %7.2f  %s%s%s" % (
            self.name, self.n, self.depth, "  ".join(rates), share(self.complete, self.n),
            "ok" if self.good() else "BELOW %s" % self.goal,
            " astray %d" % self.facts["astray"] if self.facts["astray"] else "",
            " CRASHED %d" % self.facts["crashed"] if self.facts["crashed"] else "")


KINDS = {"real": real, "hard": hard}
HEAD = "%-34s %6s %5s  %6s  %6s  %6s  %7s" % (
    "", "stacks", "depth", "exact", "trunc.", "wrong", "said ok")


def main(argv=None):
    a = argparse.ArgumentParser()
    a.add_argument("--work", default="truth-work")
    a.add_argument("--src", default=os.path.join(HERE, "../../.."))
    a.add_argument("--sysroot", help="Debian mipsel packages, unpacked")
    a.add_argument("--musl", help="folder with musl for mipsel: usr/include, usr/lib")
    a.add_argument("--soft", help="the same, made with -msoft-float")
    a.add_argument("--mode", type=int, default=0, help="enum da_unwind_mode; 1: tables only")
    a.add_argument("--strict", action="store_true", help="a row that cannot be run is a failure")
    a.add_argument("--fails", type=int, default=0, help="list so many causes per row")
    a.add_argument("what", nargs="+")
    o = a.parse_args(argv)
    for name in ("sysroot", "musl", "soft"):
        setattr(o, name, getattr(o, name) and os.path.abspath(getattr(o, name)))
    try:
        bench = Bench(o)
    except Missing as e:
        print("SKIP: %s" % e)
        return 77
    bad, ran = 0, 0
    print(HEAD)
    for what in o.what:
        union, facts, before = {}, collections.Counter(), ran
        kind, _, part = what.partition(":")
        for name, goal, measure in KINDS[kind].rows(bench, part):
            try:
                stacks, f = measure()
            except Missing as e:
                print("%-34s SKIP: %s" % (name, e), flush=True)
                bad += o.strict
                continue
            row = Row(name, stacks, f, goal)
            print(row.text(), flush=True)
            for (verdict, last, end, instead), n in row.fails.most_common(o.fails):
                print("    %s %d after %s: %s %s" % (verdict, n, last, end, instead))
            union.update(("%s %s" % (name, k), v) for k, v in stacks.items())
            facts.update(f)
            ran += 1
            bad += not row.good()
        if ran > before + 1:
            print(Row("all of " + what, union, facts, 0).text(), flush=True)
    if not ran and not bad:
        return 77
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
