#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What other people's readers make of our documents: callgrind_annotate without a warning and with the
# JSON report's totals for every event, KCachegrind's rules as far as its loader states them, JSON by
# another parser, folded stacks that sum up.
import json
import re

import lib

EVENTS = {"curB": "live_bytes", "curBk": "live_blocks", "totB": "alloc_bytes",
          "totBk": "alloc_calls", "totFdB": "freed_bytes", "totFdBk": "free_calls",
          "pkB": "peak_bytes", "pkBk": "peak_blocks", "tmpBk": "temporary_blocks"}
BEFORE_EVENTS = ("version", "creator", "pid", "cmd", "part", "desc", "positions", "event")

test = lib.Test()
test.need("callgrind_annotate")


class Callgrind:
    """A Callgrind file, read by the rules of KCachegrind's loader; faults instead of guesses."""

    def __init__(self, text):
        self.faults, self.events, self.names = [], None, {"ob": {}, "fl": {}, "fn": {}}
        self.own, self.inclusive, self.summary, self.totals = {}, {}, None, None
        self.where = dict(ob=None, fl=None, fn=None)
        self.callee, self.calls = {}, None
        lines = text.split("\n")
        if lines[0] != "# callgrind format":
            self.faults.append("no '# callgrind format' at the start")
        for number, line in enumerate(lines, 1):
            try:
                self.read(line)
            except (ValueError, KeyError) as e:
                self.faults.append("line %d (%s): %r" % (number, line[:60], e))

    def read(self, line):
        if not line or line.startswith("#"):
            return
        if any(ord(c) < 0x20 or ord(c) == 0x7f for c in line):
            raise ValueError("a control character")
        if re.match(r"\d", line):
            return self.cost(line)
        m = re.match(r"(ob|fl|fn|cob|cfi|cfn)=\((\d+)\)(?: (.*))?$", line)
        if m:
            return self.name(m[1], int(m[2]), m[3])
        m = re.match(r"calls=(\d+) (\d+)$", line)
        if m:
            self.calls = int(m[1])
            if not self.calls or "fn" not in self.callee:
                raise ValueError("a call of nothing")
            return None
        return self.header(line)

    def header(self, line):
        key, _, value = line.partition(":")
        if key == "events":
            self.events = value.split()
        elif key in ("summary", "totals"):
            if self.events is None:
                raise ValueError("before events:")
            setattr(self, key, [int(v) for v in value.split()])
        elif key not in BEFORE_EVENTS or self.events is not None:
            raise ValueError("header line at the wrong place")

    def name(self, spec, number, name):
        space = {"cob": "ob", "cfi": "fl", "cfn": "fn"}.get(spec, spec)
        known = self.names[space]
        if name is not None:
            if number in known:
                raise ValueError("a second name for an id")
            if number > len(known) + 1:
                raise ValueError("ids are not dense")
            known[number] = name
        elif number not in known:
            raise KeyError("an id without a name")
        if spec == space:
            self.where[space] = number
        else:
            self.callee[space] = number

    def cost(self, line):
        if self.where["fn"] is None:
            raise ValueError("a cost before any function")
        costs = [int(w) for w in line.split()[1:]]
        if len(costs) > len(self.events):
            raise ValueError("too many costs")
        costs += [0] * (len(self.events) - len(costs))
        caller = tuple(self.where.values())
        if self.calls is None:
            into = self.own.setdefault(caller, [0] * len(costs))
        else:
            callee = tuple(self.callee.get(k, self.where[k]) for k in ("ob", "fl", "fn"))
            into = self.inclusive.setdefault((caller, callee), [0] * len(costs))
            self.callee, self.calls = {}, None
        for i, c in enumerate(costs):
            into[i] += c

    def own_sum(self):
        return [sum(column) for column in zip(*self.own.values())]

    def unbalanced(self):
        """Functions without recursion whose callers give another sum than own cost and callees."""
        wrong = []
        for f in {c for _, c in self.inclusive}:
            incoming = [v for (a, b), v in self.inclusive.items() if b == f]
            outgoing = [v for (a, b), v in self.inclusive.items() if a == f]
            if self.reaches(f, f):
                continue
            got = [sum(col) for col in zip(*incoming)]
            want = [sum(col) for col in zip(self.own.get(f, [0] * len(got)), *outgoing)]
            if got != want:
                wrong.append((self.names["fn"][f[2]], got, want))
        return wrong

    def reaches(self, start, goal):
        todo, seen = [start], set()
        while todo:
            f = todo.pop()
            for a, b in self.inclusive:
                if a == f and b == goal:
                    return True
                if a == f and b not in seen:
                    seen.add(b)
                    todo.append(b)
        return False


def check_annotate(path, totals):
    for options in ([], ["--inclusive=yes", "--tree=both"]):
        run = test.run(["callgrind_annotate", "--auto=no", "--show-percs=no", *options, path])
        test.equal("callgrind_annotate %s: status" % " ".join(options), run.status, 0)
        test.equal("callgrind_annotate: warnings", run.errors, "")
        m = re.search(r"^([\d,. ]+?) +PROGRAM TOTALS$", run.text, re.M)
        got = [int(w.replace(",", "").replace(".", "0")) for w in m[1].split()] if m else None
        test.equal("callgrind_annotate: totals", got, [totals[k] for k in EVENTS.values()])


def check_callgrind(path, totals):
    with open(path, encoding="utf-8", newline="\n") as f:
        file = Callgrind(f.read())
    want = [totals[k] for k in EVENTS.values()]
    test.equal("faults", file.faults, [])
    test.equal("events", file.events, list(EVENTS))
    test.equal("own costs", file.own_sum(), want)
    test.equal("summary and totals", (file.summary, file.totals), (want, want))
    test.equal("functions whose callers disagree", file.unbalanced(), [])


def check_folded(path, totals):
    with open(path, encoding="utf-8") as f:
        values = [int(line.rsplit(" ", 1)[1]) for line in f]
    test.equal("folded stacks", sum(values), totals["peak_bytes"])


def check(name, *argv, env=None):
    recording = test.path("r.dalloc")
    run = test.run([lib.TOOL, "record", "-q", "--force", "-o", recording, "--", *argv], env=env)
    test.equal("%s: status" % name, run.status, 0)
    paths = {f: test.path("r." + f) for f in ("callgrind", "json", "folded")}
    run = test.run([lib.TOOL, "report", "-q", *("--format=%s:%s" % p for p in paths.items()),
                    recording])
    test.equal("%s: report" % name, (run.status, run.errors), (0, ""))
    with open(paths["json"], encoding="ascii") as f:
        report = json.load(f)
    test.check_sums(report)
    check_annotate(paths["callgrind"], report["totals"])
    check_callgrind(paths["callgrind"], report["totals"])
    check_folded(paths["folded"], report["totals"])


for target in test.targets("native"):
    check("leaky", target.build(lib.SRC + "/examples/leaky.c"))
    check("sh", "sh", "-c", "x=$(echo hello); for i in 1 2 3; do y=$x$y; done; echo $y")
    check("python3", "python3", "-S", "-c", "import re; re.compile('(a|b)*c').match('abac')",
          env={"PYTHONMALLOC": "malloc"})
test.finish()
