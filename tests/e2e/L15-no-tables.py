#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# L15: stripped programs without unwind tables: known frames, and main in 95 % of the stacks.
import os
import shutil

import lib

test = lib.Test()
NO_TABLES = ("-O2", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables")
VARIANTS = {
    "native": [("-fno-omit-frame-pointer", "-O2")],
    "musl": [("-fno-omit-frame-pointer", "-O2")],
    "mipsel": [NO_TABLES, ("-Os",)],
    "mips": [NO_TABLES],
    "mips64el": [NO_TABLES],
    "arm": [(*NO_TABLES, "-mthumb"), (*NO_TABLES, "-marm"), ("-O0", "-mthumb")],
    "riscv64": [NO_TABLES, ("-Os",)],
}
CHAINS = {"leaf_plain": "middle_plain", "leaf_dynamic": "middle_dynamic",
          "leaf_callback": "middle_callback", "leaf_large": "middle_large"}


def check_chain(report, leaf, middle):
    """Three known frames; behind the callback's lie those of the libc, then the rest."""
    got = [lib.functions(s) for s in report["sites"] if leaf in lib.functions(s)]
    want = [leaf, middle, "outer"] if leaf != "leaf_callback" else [leaf, middle]
    right = [f for f in got if f[f.index(leaf):][:len(want)] == want]
    test.ok(got and len(right) == len(got), "%s: %d of %d stacks have the known frames"
            % (leaf, len(right), len(got)))


def check(target, flags):
    test.prefix = "%s %s: " % (target.name, " ".join(flags))
    victim = target.build("l15.c", *flags)
    whole = victim + ".whole"
    shutil.copy(victim, whole)
    prefix = target.cc[0][:-len("gcc")] if target.name in lib.CPUS else ""
    lib.subprocess.run([prefix + "strip", victim], check=True)
    truth, recording = test.path("truth"), test.path("recording.dalloc")
    if os.path.exists(recording):
        os.unlink(recording)
    run = target.direct(recording, victim, truth)
    test.equal("status", run.status, 0)
    # its names, with the same build-id
    os.rename(whole, victim)
    report = test.report(recording)
    test.check_sites(report, lib.Truth(truth))
    for leaf, middle in CHAINS.items():
        check_chain(report, leaf, middle)
    sites = report["sites"]
    far = [s for s in sites if "main" in lib.functions(s)]
    if target.name == "musl":  # its qsort has neither tables nor frame pointers: stacks end there
        sites = [s for s in sites if "leaf_callback" not in lib.functions(s)]
    test.ok(len(far) >= 0.95 * len(sites), "%d of %d stacks reach main" % (len(far), len(sites)))
    silent = [s for s in report["sites"] if s["complete"] and "main" not in lib.functions(s)]
    test.equal("stacks without main that claim to be whole", len(silent), 0)


for target in test.targets(*VARIANTS):
    for flags in VARIANTS[target.name]:
        check(target, flags)
test.finish()
