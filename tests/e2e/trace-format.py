#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# A reader written from dumpalloc-trace(5) alone finds in real recordings what report finds: totals,
# threads, functions, modules, and each stack with its numbers.
import collections

import lib
import second_reader

SITE = ("alloc_calls", "alloc_bytes", "live_bytes", "live_blocks", "temporary_blocks")

test = lib.Test()


def check_header(stream, process):
    h = stream.header
    test.equal("process", (process["pid"], process["word_bits"], process["byte_order"]),
               (h["pid"], h["word_bits"], "big" if h["big_endian"] else "little"))
    test.equal("program", process["program"], h["program"].decode())
    test.equal("command line", process["cmdline"], h["cmdline"].decode().split("\0")[:-1])


def their_stacks(stream, heap):
    """How often which numbers belong to which frames [(path, ELF address)...], innermost first."""
    bits, found = stream.header["word_bits"], collections.Counter()
    first_use = {}
    for t in stream.threads.values():
        for e in t.events:
            first_use.setdefault((t.number, e[2]), e[1][0])
    sums = collections.defaultdict(lambda: [0] * len(SITE))
    for (thread, stack), numbers in heap.sites.items():
        frames = []
        pcs, end = stream.threads[thread].stacks[stack]
        for frame in reversed(pcs):
            module = second_reader.module_at(stream, frame, first_use[thread, stack], bits)
            frames.append((stream.modules[module[0]]["path"].decode(), module[1]) if module else (None, frame[0]))
        key = tuple(frames), end == 0 and stack != 0
        sums[key] = [a + numbers[k] for a, k in zip(sums[key], SITE)]
    for key, numbers in sums.items():
        found[key, tuple(numbers)] += 1
    return found


def our_stacks(report):
    found = collections.Counter()
    for s in report["sites"]:
        if s["alloc_calls"]:
            frames = tuple((f["module"], int(f["address"], 16)) for f in s["stack"] if not f["inlined"])
            found[(frames, s["complete"]), tuple(s[k] for k in SITE)] += 1
    return found


def without_addresses(stacks):
    """A report's address is inside the call: only the numbers, modules and order can be equal."""
    return collections.Counter({(tuple(m for m, _ in frames), done, numbers): 1 for (frames, done), numbers in stacks})


def check_stacks(stream, heap, report):
    ours, theirs = our_stacks(report), their_stacks(stream, heap)
    test.equal("stacks", len(ours), len(theirs))
    missing = without_addresses(theirs) - without_addresses(ours)
    test.equal("stacks that report has not", list(missing)[:3], [])
    # by numbers that no other stack has, the addresses too
    only = {n: frames for (frames, _), n in theirs}
    far = [(a, b) for (frames, _), n in ours if sum(n == m for _, m in theirs) == 1
           for (_, a), (_, b) in zip(frames, only[n]) if not 0 <= b - a <= 8]
    test.equal("addresses that are not in the calls", far[:3], [])


def check(target, source, *args, **kw):
    victim = target.build(source, *kw.pop("flags", ()))
    recording = test.path(target.name + ".dalloc")
    if target.qemu or kw.get("direct"):
        r = target.direct(recording, victim, *args)
    else:
        r = target.record(recording, victim, *args, options=["--force", *kw.get("options", ())])
    test.equal("status", r.status, 0)
    report = test.report(recording)
    with open(recording, "rb") as f:
        stream = second_reader.read(f.read())
    test.equal("damage", stream.damage and stream.damage.why, None)
    test.equal("whole", stream.whole, True)
    heap = second_reader.Heap(stream)
    check_header(stream, report["process"])
    test.equal("totals", {k: report["totals"][k] for k in heap.totals}, heap.totals)
    test.equal("functions", {f["name"]: [f["calls"], f["failed"]] for f in report["functions"]}, heap.functions)
    test.equal("threads", sorted((t["tid"], t["name"], t["alloc_calls"], t["alloc_bytes"]) for t in report["threads"]),
               sorted((t.tid, t.name.decode(), *heap.allocated[t.number]) for t in stream.threads.values()))
    test.equal("modules", sorted({(m["path"], m["build_id"]) for m in report["modules"]}),
               sorted({(m["path"].decode(), m["build_id"].hex() or None) for m in stream.modules.values()}))
    q = report["quality"]
    test.equal("events", (q["events_seen"], q["events_recorded"]), stream.end[2:])
    test.equal("events in the stream", sum(len(t.events) for t in stream.threads.values()), q["events_decoded"])
    test.equal("repairs, unknown frees", (q["order_repairs"], q["unknown_frees"]), (heap.repairs, heap.unknown_frees))
    test.equal("peak RSS", report["totals"]["peak_rss_bytes"], max([b for _, b in stream.rss] or [0]))
    check_stacks(stream, heap, report)


for target in test.targets("native", "musl", *lib.CROSS):
    name, truth = target.name, test.path("truth")
    for source, args, flags in (("f12.c", (), ()), ("l01.c", (truth, "20000"), ()),
                                ("l05.c", (truth, "16", "500"), ("-pthread",))):
        test.prefix = "%s %s: " % (name, source)
        check(target, source, *args, flags=flags)
    if not target.qemu:
        test.prefix = name + " direct: "
        check(target, "f12.c", direct=True)
        test.prefix = name + " uncompressed, stacks of allocations: "
        check(target, "f12.c", options=["--compress=none", "--stacks=alloc"])
test.finish()
