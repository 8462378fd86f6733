#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Recording less: --sample keeps totals exact and its estimates near the truth, --min-size and
# --max-size leave blocks out, --stacks=alloc and --depth parts of stacks. As options of record, as
# its defaults in the environment, and in direct mode.
import math

import lib

test = lib.Test()
MEAN = 8192
BIG = ("site_small", "site_middle", "site_large", "site_grown")
KEYS = ("alloc_bytes", "alloc_calls", "live_bytes", "live_blocks")
# An error is 1.96 standard deviations; one estimate in two million is off by more than five.
FIVE = 5 / 1.96


def timeless(report):
    """All that --sample must not change. musl's and glibc's own blocks are the same in each run."""
    totals = {k: v for k, v in report["totals"].items()
              if k not in ("peak_time_ns", "peak_rss_bytes", "moved_reallocs")}
    threads = [{k: v for k, v in t.items() if k != "tid"} for t in report["threads"]]
    return totals, report["sizes"], report["functions"], threads


def record(target, victim, rounds, volume, how):
    """Record with @volume, a dict of long options. Its truth and its report."""
    options, env = [], {}
    if how == "options":
        options = ["--%s=%s" % o for o in volume.items()]
    else:
        env = {"DUMPALLOC_" + k.upper().replace("-", "_"): v for k, v in volume.items()}
    truth, report, _ = test.golden(target, victim, rounds, options=options, env=env,
                                   direct=how == "direct")
    return truth, report


def errors(report, name):
    """Of the sums over all stacks of a site: their variances add up."""
    sums = dict.fromkeys(KEYS, 0)
    for s in report["sites"]:
        if name in lib.functions(s):
            for k in KEYS:
                sums[k] += s["error"][k] ** 2
    return {k: math.sqrt(v) for k, v in sums.items()}


def bound(site, key, error):
    """Few blocks are live: their error is a guess. The variance in truth is at most bytes x mean."""
    if key.startswith("alloc"):
        return FIVE * error
    least = site["live_bytes"] / max(1, site["live_blocks"]) / 3 if key == "live_blocks" else 1
    return 8 * math.sqrt(site["live_bytes"] * MEAN) / least


def check_estimates(report, truth):
    got, others = lib.group(report, truth.sites)
    wrong = []
    for name in BIG:
        error = errors(report, name)
        for k in KEYS:
            off = abs(got[name][k] - truth.sites[name][k])
            if off > bound(truth.sites[name], k, error[k]) + len(report["sites"]):
                wrong.append("%s, %s: %d, not %d; error %.0f" %
                             (name, k, got[name][k], truth.sites[name][k], error[k]))
            if k == "alloc_bytes":
                test.note("%s: %s %d, in truth %d, error %.0f" %
                          (name, k, got[name][k], truth.sites[name][k], error[k]))
    test.ok(not wrong, "estimates near the truth" if not wrong else "; ".join(wrong))
    large = [s for s in report["sites"] if "site_large" in lib.functions(s)]
    test.equal("large blocks sampled", sum(s["sampled"]["alloc_calls"] for s in large),
               truth.sites["site_large"]["alloc_calls"])
    test.ok("site_empty" not in got, "blocks of 0 bytes are in no stack")
    return others


def check_sampled(target, victim, rounds, how, full):
    truth, report = record(target, victim, rounds, {"sample": "8k"}, how)
    test.equal("sample_bytes", report["recorder"]["sample_bytes"], MEAN)
    test.check_lossless(report)
    for what, a, b in zip(("totals", "sizes", "functions", "threads"), timeless(report), full):
        test.ok(a == b, "%s: as without --sample" % what if a == b else
                "%s: %s, not %s" % (what, a, b))
    others = check_estimates(report, truth)
    stackless = [s for s in others if not s["stack"]]
    test.equal("allocations shown without a stack", sum(s["alloc_calls"] for s in stackless), 0)
    test.equal("releases have no stack", sum(s["released_blocks"] for s in report["sites"] if s["stack"]), 0)
    q = report["quality"]
    sampled = sum(s["sampled"]["alloc_calls"] for s in report["sites"])
    test.equal("sampled and others", sampled + q["calls_without_stack"], report["totals"]["alloc_calls"])
    expected = report["totals"]["alloc_bytes"] / MEAN
    test.ok(0 < sampled < 1.1 * expected, "%d sampled, at most %.0f expected" % (sampled, expected))


def check_everything(target, victim, rounds, how):
    """With --sample=1 nearly every block is sampled."""
    truth, report = record(target, victim, rounds, {"sample": "1"}, how)
    got, _ = lib.group(report, truth.sites)
    for name in BIG:
        test.equal(name, [got[name][k] for k in KEYS[:2]],
                   [truth.sites[name][k] for k in KEYS[:2]]) if name != "site_grown" else None


def check_filter(target, victim, rounds, how):
    truth, report = record(target, victim, rounds, {"min-size": "1000", "max-size": "5000"}, how)
    test.equal("filter", [report["recorder"][k] for k in ("min_size", "max_size")], [1000, 5000])
    own = [s for s in report["sites"] if any(n in lib.functions(s) for n in truth.sites)]
    test.equal("blocks of 1000 to 5000 bytes", [sum(s[k] for s in own) for k in ("alloc_calls", "alloc_bytes")],
               truth.values["ranged"])
    test.ok(all(1000 <= s["size"] <= 5000 for s in report["sizes"]), "no others")
    q = report["quality"]
    test.equal("unknown frees", q["unknown_frees"], 0)
    test.ok(q["filtered_frees"] > truth.sites["site_small"]["alloc_calls"] / 2,
            "%d frees of others" % q["filtered_frees"])
    got, _ = lib.group(report, truth.sites)
    test.equal("live in site_middle", got["site_middle"]["live_bytes"],
               truth.sites["site_middle"]["live_bytes"])


def check_both(target, victim, rounds, how):
    """--sample of what a filter leaves."""
    truth, report = record(target, victim, rounds, {"min-size": "1000", "sample": "8k"}, how)
    got, _ = lib.group(report, truth.sites)
    error = errors(report, "site_middle")["alloc_bytes"]
    off = abs(got["site_middle"]["alloc_bytes"] - truth.sites["site_middle"]["alloc_bytes"])
    test.ok(off <= FIVE * error + 10, "site_middle under both is off by %d, error %.0f" % (off, error))
    test.equal("site_large under both", got["site_large"]["alloc_calls"],
               truth.sites["site_large"]["alloc_calls"])
    test.equal("unknown frees", report["quality"]["unknown_frees"], 0)


def check_stacks(target, victim, rounds, how):
    truth, report = record(target, victim, rounds, {"stacks": "alloc"}, how)
    test.check_sites(report, truth)
    test.equal("blocks released by drop()", sum(s["released_blocks"] for s in report["sites"]
                                                if "drop" in lib.functions(s)), 0)
    truth, report = record(target, victim, rounds, {"stacks": "all"}, how)
    test.check_sites(report, truth)
    test.ok(sum(s["released_blocks"] for s in report["sites"] if "drop" in lib.functions(s)) > 0,
            "by default drop() is seen to release")


def check_depth(target, victim, rounds, how):
    truth, report = record(target, victim, rounds, {"depth": "2"}, how)
    test.equal("depth", report["recorder"]["depth"], 2)
    test.check_sites(report, truth)
    depths = {len([f for f in s["stack"] if not f["inlined"]]) for s in report["sites"] if s["stack"]}
    test.ok(max(depths) <= 2, "stacks of at most 2 frames: %s" % depths)


def check_depth_of_small_chunks(target, victim, how):
    """Where a stack as deep as asked for would not fit, the header says what does."""
    _, report = record(target, victim, "10", {"depth": "1024", "buffer": "256k"}, how)
    test.ok(500 < report["recorder"]["depth"] < 1000, "depth: %d" % report["recorder"]["depth"])


def option_errors(target):
    recording = test.path("never.dalloc")
    for value in ("0", "2G", "", "x", "1kk", "-5", "1.5k"):
        r = target.record(recording, "true", options=["--sample=" + value])
        test.equal("--sample=%s: status" % value, r.status, 125)
        test.ok("--sample: " in r.errors, r.errors.strip())
        r = target.record(recording, "true", env={"DUMPALLOC_SAMPLE": value})
        test.equal("DUMPALLOC_SAMPLE=%s: status" % value, r.status, 125)
    for options in (["--sample=4k", "--unwind=none"], ["--min-size=2", "--max-size=1"],
                    ["--depth=0"], ["--depth=1025"], ["--stacks=some"], ["--min-size=x"], ["-i"]):
        r = target.record(recording, "true", options=options)
        test.equal("%s: status" % " ".join(options), r.status, 125)


def direct_extremes(target, victim):
    """Nobody hears a complaint in direct mode: what makes no sense is passed over, or bounded."""
    for value, want in (("0", None), ("x", None), ("64G", 1 << 30), ("3", 3)):
        _, report = record(target, victim, "100", {"sample": value}, "direct")
        test.equal("DUMPALLOC_SAMPLE=" + value, report["recorder"]["sample_bytes"], want)
    _, report = record(target, victim, "100", {"sample": "4k", "unwind": "none"}, "direct")
    test.equal("sample without stacks", report["recorder"]["sample_bytes"], None)


def documents(target, victim, rounds):
    """The other documents say that they hold estimates."""
    record(target, victim, rounds, {"sample": "8k"}, "options")
    recording = test.path("recording.dalloc")
    for form, mark in (("text", "sampled     every 8.00 KiB"), ("text", "+- "),
                       ("callgrind:-", "desc: Stacks: sampled every 8192 bytes"),
                       ("folded", "# sampled every 8192 bytes")):
        r = test.run([lib.TOOL, "report", "-q", "--format", form, recording])
        test.ok(mark in r.text, "%s says %r" % (form, mark))


for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("volume.c", "-pthread")
    hows = ("direct",) if target.qemu else ("options", "environment", "direct")
    rounds = "5000" if target.slow else "40000"
    for how in hows:
        _, report = record(target, victim, rounds, {}, how)
        test.equal("sample_bytes by default", report["recorder"]["sample_bytes"], None)
        check_sampled(target, victim, rounds, how, timeless(report))
        check_filter(target, victim, rounds, how)
    check_everything(target, victim, "2000", hows[0])
    check_both(target, victim, rounds, hows[0])
    for how in hows:
        check_stacks(target, victim, "2000", how)
        check_depth(target, victim, "2000", how)
        check_depth_of_small_chunks(target, victim, how)
    direct_extremes(target, victim)
    if target.name == "native":
        option_errors(target)
        documents(target, victim, "2000")
test.finish()
