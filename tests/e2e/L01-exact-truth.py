#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L01: 10^6 scripted calls from 200 sites; every number exact, per site, at the peak too.
import lib

test = lib.Test()


def check(target, events, **kw):
    victim = target.build("l01.c")
    truth, report, _ = test.golden(target, victim, str(events), **kw)
    totals = report["totals"]
    allocs, frees, size, live, peak = truth.values["totals"]
    test.check_lossless(report)
    others = test.check_sites(report, truth)
    test.equal("allocations outside the sites", sum(s["alloc_calls"] for s in others), 0)
    test.equal("calls", (totals["alloc_calls"], totals["free_calls"]), (allocs, frees))
    test.equal("bytes", (totals["alloc_bytes"], totals["live_bytes"]), (size, live))
    test.equal("peak", totals["peak_bytes"], peak)
    got, _ = lib.group(report, truth.sites)
    wrong = [n for n in truth.sites
             if [got[n]["peak_bytes"], got[n]["peak_blocks"]] != truth.values["peak_" + n]]
    test.equal("sites whose part of the peak is wrong", wrong[:5], [])
    far = [s for s in report["sites"] if "main" in lib.functions(s)]
    test.equal("stacks that reach main", len(far), len(report["sites"]))
    if target.name != "musl":  # Debian's musl has no unwind tables for what calls main
        whole = [s for s in report["sites"] if s["complete"]]
        test.equal("complete stacks", len(whole), len(report["sites"]))
    process = report["process"]
    test.equal("machine", (process["machine"], process["word_bits"], process["byte_order"]), {
        "mipsel": ("mips", 32, "little"), "mips": ("mips", 32, "big"),
        "mips64el": ("mips", 64, "little"), "aarch64": ("aarch64", 64, "little"),
        "arm": ("arm", 32, "little"), "riscv64": ("riscv", 64, "little"),
        "i386": ("i386", 32, "little")}.get(target.name, ("x86_64", 64, "little")))


for target in test.targets("native", "musl", *lib.CPUS):
    if target.qemu:
        check(target, 100000)
    else:
        check(target, 300000 if target.slow else 1000000)
        check(target, 100000, direct=True)
test.finish()
