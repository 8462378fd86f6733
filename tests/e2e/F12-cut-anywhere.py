#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# F12: a recording of 20 KB cut at every byte. The report says where, and has every whole block.
import concurrent.futures
import json
import os
import shutil
import struct

import lib
import second_reader

BATCH = 250  # cuts per process
KEYS = ("alloc_calls", "alloc_bytes", "free_calls", "live_bytes", "peak_bytes", "temporary_blocks")

test = lib.Test()
empty = test.path("empty")
os.mkdir(empty)


def report(*files):
    return test.run([lib.TOOL, "report", "--rootfs", empty, "--format", "json", *files])


def borders(data):
    """Where the header and each block end."""
    at = [24 + struct.unpack("<I", data[12:16])[0]]
    while at[-1] < len(data):
        at.append(at[-1] + 32 + struct.unpack("<I", data[at[-1] + 4:at[-1] + 8])[0])
    return at


def documents(text):
    """The JSON texts, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        document, end = decoder.raw_decode(text, at)
        yield document
        at = end
        while at < len(text) and text[at].isspace():
            at += 1


def expected(data):
    """What the whole blocks hold: by the other reader."""
    stream = second_reader.read(data)
    if stream.damage:
        test.die("the other reader cannot read it: " + stream.damage.why)
    totals = second_reader.Heap(stream).totals
    return [totals[k] for k in KEYS] + [sum(len(t.events) for t in stream.threads.values())]


class Cuts:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.at = borders(self.data)
        test.equal("the last border", self.at[-1], len(self.data))
        self.want = {at: expected(self.data[:at]) for at in self.at}
        self.wrong = []

    def file(self, folder, n):
        path = os.path.join(folder, str(n))
        with open(path, "wb") as f:
            f.write(self.data[:n])
        return path

    def check(self, n, document, errors):
        good = max(a for a in self.at if a <= n)
        have = [document["totals"][k] for k in KEYS] + [document["quality"]["events_decoded"]]
        if have != self.want[good]:
            self.wrong.append("cut at %d: %s instead of %s" % (n, have, self.want[good]))
        cut = document["quality"]["truncated"]
        if n == len(self.data):
            if cut:
                self.wrong.append("whole, but truncated: %s" % cut)
        elif not cut or cut["byte"] != good or "byte %d" % n not in cut["reason"]:
            self.wrong.append("cut at %d: %s" % (n, cut))
        if n < len(self.data) and "/%d: " % n not in errors:
            self.wrong.append("cut at %d: nothing on standard error" % n)

    def batch(self, cuts):
        folder = test.path("cuts.%d" % cuts[0])
        os.mkdir(folder)
        r = report(*[self.file(folder, n) for n in cuts])
        found = list(documents(r.text))
        if r.status != 2 or len(found) != len(cuts):
            self.wrong.append("cuts at %d to %d: status %d, %d of %d reports: %s" % (
                cuts[0], cuts[-1], r.status, len(found), len(cuts), r.errors[-200:]))
        for n, document in zip(cuts, found):
            self.check(n, document, r.errors)
        shutil.rmtree(folder)

    def single(self, n):
        r = report(self.file(test.work, n))
        os.unlink(test.path(str(n)))
        if n < self.at[0]:
            if r.status != 1 or r.out or (n and "byte %d" % n not in r.errors and n >= 8):
                self.wrong.append("cut at %d: status %d: %s" % (n, r.status, r.errors))
            return
        if r.status != (0 if n == len(self.data) else 2):
            self.wrong.append("cut at %d: status %d" % (n, r.status))
        self.check(n, json.loads(r.text), r.errors)

    def run(self):
        size = len(self.data)
        near = {a + d for a in self.at for d in (-1, 0, 1, 31, 32, 33) if a + d <= size}
        alone = sorted({*range(self.at[0]), *near, *range(0, size, 211), size})
        many = range(self.at[0], size)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(self.batch, [many[i:i + BATCH] for i in range(0, len(many), BATCH)]))
            list(pool.map(self.single, alone))
        test.equal("%d cuts of %d blocks, wrong ones" % (size, len(self.at) - 1), self.wrong[:5], [])


for target in test.targets("native"):
    victim = target.build("f12.c")
    for name, direct, args in (("compressed", False, ("5", "300", "700")), ("direct", True, ("10", "200"))):
        test.prefix = name + ": "
        recording = test.path(name + ".dalloc")
        run = target.direct if direct else target.record
        test.equal("status", run(recording, victim, *args).status, 0)
        cuts = Cuts(recording)
        test.ok(10000 < len(cuts.data) < 30000, "%d bytes" % len(cuts.data))
        test.ok(len(cuts.at) > 2, "%d blocks" % (len(cuts.at) - 1))
        cuts.run()
test.finish()
