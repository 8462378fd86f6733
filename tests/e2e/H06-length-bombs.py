#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# H06: every number of a recording replaced by 0, 1, its limit and values around and beyond, with
# checksums that fit. What the second reader refuses, report refuses, at the same byte; what it
# accepts, report counts the same; and no value makes either of them big or slow.
import concurrent.futures
import json
import os
import re

import lib
import second_reader
from trace_writer import X86_64, Writer, over_long, varint

GROWTH_KB = 8192
SLOW_SECONDS = 5
ANY = "any"

test = lib.Test()
measure = test.path("measure")
empty = test.path("empty")
os.mkdir(empty)


def recording(index=None, evil=b""):
    """Each kind of block, event and attribute at least once. Returns bytes and the table of fields."""
    w = Writer(index, evil)
    segments = [(0, 0x1000, 0, 0x1000, 4), (0x1000, 0x4000, 0x1000, 0x4000, 5)]
    one = [w.thread(100, b"one"), w.module(1, 0x400000, b"/bin/prog", segments, b"\1" * 20, 1),
           w.module(2, 0x7f0000000000, b"/lib/libc.so.6", segments, b"", 0),
           w.stack(0, [0x401100, 0x402200, 0x7f0000001300]), w.alloc(1, 100, 0x10000), w.clock(1000000),
           w.stack(2, [0x7f0000002400], 1), w.alloc(2, 200, 0x1000), w.free(1, -0x1000),
           w.realloc(2, 500, 0x1000, 0x8000), w.fail(1, 1 << 40), w.unload(2)]
    two = [w.thread(101, b"two"), w.stack(0, [0x401100, 0x401500]), w.alloc(1, 70, 0x900000, 100),
           w.alloc(1, 71, 0x1000), w.free(1, -0x1000), bytes([7 << 3])]
    late = [w.alloc(1, 33, 0x4000, 200), w.free(1, -0x4000)]
    meta = [w.watermark(3), w.clock(2000000), w.rss(5, 1 << 20), w.lost(1, 2), w.name_of(2, b"zwei"),
            w.note(b"for people"), w.end(1, 3, 11, 9)]
    data = w.header({**X86_64, "start_wall": 1795367208072182840, "big_endian": 0, "elf_flags": 0, "direct": 0,
                     "unwind": 0, "stacks_alloc": 0, "min_size": 0, "max_size": 2 ** 64 - 1, "parent": 1})
    data += w.block(w.fragment(1, *one))
    data += w.block(w.fragment(2, *two) + w.fragment(0, *meta[:3]))
    data += w.block(w.fragment(1, *late) + w.fragment(0, *meta[3:]), True)
    return data, w.fields


def evils(name, width, most):
    """(what, bytes) to put into a field."""
    values = sorted({0, 1, 2, most - 1, most, most + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 63, 2 ** 64 - 1} - {-1})
    for v in values:
        if not width and v < 2 ** 64:
            yield v, varint(v)
        elif v < 256 ** width:
            yield v, v.to_bytes(width, "little")
    if not width:
        yield "over-long 1", over_long(1)
        yield "eleven bytes", b"\x80" * 10 + b"\1"
        yield "beyond 64 bits", b"\xff" * 9 + b"\2"
        yield "endless", b"\xff" * 64


def judge(data):
    """What the second reader says: (status, byte, totals)."""
    try:
        stream = second_reader.read(data)
    except second_reader.Bad:
        return 1, None, None
    damage = stream.damage
    if damage:
        return 2, damage.byte, None
    totals = second_reader.Heap(stream).totals
    if totals["alloc_bytes"] >= 2 ** 64:
        return 2, ANY, None
    keys = [k for t in stream.threads.values() for e in t.events for k in e[1]]
    if len(set(keys)) < len(keys):
        totals = None  # in which order is not said
    return (0 if stream.whole else 2), (None if stream.whole else len(data)), totals


def run_report(name, data):
    path = test.path(name)
    with open(path, "wb") as f:
        f.write(data)
    r = test.run([measure, lib.TOOL, "report", "--rootfs", empty, "--format", "json", path], hang=60)
    os.unlink(path)
    m = re.search(r"\nmeasured (\d+) (\d+)\n", r.errors)
    return r, int(m.group(1)), int(m.group(2))


def clamp(v):
    return min(v % 2 ** 64, 2 ** 63 - 1)


def compare(name, data):
    """What is wrong about report's handling of @data, as a list of texts."""
    want, byte, totals = judge(data)
    r, status, rss = run_report(name, data)
    wrong = []
    if status != want:
        wrong.append("status %d, second reader %d" % (status, want))
    if rss > compare.base + GROWTH_KB:
        wrong.append("%d KiB resident, %d above the good one" % (rss, rss - compare.base))
    if r.seconds > SLOW_SECONDS:
        wrong.append("%.1f s" % r.seconds)
    if status in (0, 2):
        report = json.loads(r.text)
        cut = report["quality"]["truncated"]
        if (cut and cut["byte"]) != (byte or False) and byte is not ANY:
            wrong.append("damaged at %s, second reader %s" % (cut, byte))
        if totals and status == want:
            have = {k: report["totals"][k] for k in totals}
            if have != {k: clamp(v) for k, v in totals.items()}:
                wrong.append("totals %s, second reader %s" % (have, totals))
    if status and "dumpalloc report: " not in r.errors:
        wrong.append("nothing on standard error")
    if status == 2 and byte is not ANY and "byte %d" % (byte or 0) not in r.errors:
        wrong.append("byte %s is not on standard error" % byte)
    return ["%s: %s" % (name, w) for w in wrong]


def sized(kind, n):
    """A recording in which a field has the value @n, and what it promises is there."""
    w = Writer()
    start, last = [w.thread(1, b"x")], []
    attributes, blocks = dict(X86_64), []
    if kind == "text":
        start = [w.thread(1, b"x" * n)]
    elif kind == "path":
        start.append(w.module(1, 0, b"/" * n, [(0, 1, 0, 1, 5)]))
    elif kind == "build-id":
        start.append(w.module(1, 0, b"/x", [(0, 1, 0, 1, 5)], b"\xab" * n))
    elif kind == "segments":
        start.append(w.module(1, 0, b"/x", [(i << 12, 4096, 0, 1, 5) for i in range(n)]))
    elif kind == "frames":
        start += [w.stack(0, [0x1000 + 16 * i for i in range(n)]), w.alloc(1, 1, 4096)]
    elif kind == "frames kept":
        start += [w.stack(0, [0x1000 + 16 * i for i in range(n - 1)]), w.stack(n - 1, [1]), w.alloc(2, 1, 4096)]
    elif kind == "attributes":
        attributes["host"] = b"h" * n
    elif kind == "block stored":
        blocks = [w.fragment(1, b"") * (n // 2) + b"\1\0" * (n % 2)]
    elif kind == "threads":
        blocks = [b"".join(w.fragment(i, w.alloc(0, 1, 4096 * i, i)) for i in range(1, n + 1))]
    data = w.header(attributes) + w.block(w.fragment(1, *start))
    for b in blocks:
        data += w.block(b)
    return data + w.block(b"", True)


for target in test.targets("native"):
    measure = target.build("measure.c")
    good, fields = recording()
    compare.base = 10 ** 9
    test.equal("the good one: faults", compare("good", good), [])
    compare.base = run_report("good", good)[2]
    test.note("%d numbers; the good one takes %d KiB" % (len(fields), compare.base))
    cases = [("%d %s = %s" % (i, name, what), recording(i, evil)[0])
             for i, (name, width, most) in enumerate(fields) for what, evil in evils(name, width, most)]
    for kind, most in (("text", 4096), ("path", 4096), ("build-id", 64), ("segments", 16), ("frames", 1024),
                       ("frames kept", 1024), ("attributes", 65000), ("attributes", 65536),
                       ("block stored", 262144), ("threads", 3000)):
        cases += [("%s of %d" % (kind, n), sized(kind, n)) for n in (most - 1, most, most + 1)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = sum(pool.map(lambda c: compare(c[0].replace("/", "-"), c[1]), cases), [])
    for w in wrong[:40]:
        test.note(w)
    test.equal("%d recordings, wrong ones" % len(cases), len(wrong), 0)
test.finish()
