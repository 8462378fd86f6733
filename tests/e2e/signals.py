#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Stacks cross the frames of signals, to the function that was interrupted and on to main; on MIPS, an
# executable stack does not pass as code.
import lib

test = lib.Test()


def check_crossed(report, site, interrupted):
    """All of the site's stacks are complete and hold the handler and who was interrupted."""
    name = "in_" + site
    stacks = [s for s in report["sites"] if name in lib.functions(s)]
    test.ok(stacks, "%s: %d stacks" % (name, len(stacks)))
    bad = [lib.functions(s) for s in stacks if not s["complete"] or
           not {"on_" + site, "main", *interrupted} <= set(lib.functions(s))]
    test.equal("%s: stacks that do not reach %s and main" % (name, " ".join(interrupted)), bad[:3], [])


def check(target, **kw):
    victim = target.build("signals.c")
    truth, report, _ = test.golden(target, victim, **kw)
    test.check_lossless(report)
    test.check_sites(report, truth)
    # Debian's musl has no unwind tables for what calls main; qemu-user's trampolines are in no module.
    if target.name != "musl" and not target.qemu:
        check_crossed(report, "raised", ["raise_all"])
        check_crossed(report, "info", ["raise_all"])
        check_crossed(report, "fault", ["fault", "fault_all"])
        check_crossed(report, "timer", ["time_all"])
    if target.name in ("mipsel", "mips"):
        test.note("executable stack: %d" % truth.values["stack_executable"][0])
        stacks = [s for s in report["sites"] if "in_misled" in lib.functions(s)]
        test.ok(stacks and all(lib.functions(s)[-1] == "mislead" and not s["complete"] for s in stacks),
                "the stack's words are no frame: %s" % [lib.functions(s) for s in stacks][:1])


for target in test.targets("native", "musl", *lib.CPUS):
    check(target)
    if not target.qemu:
        check(target, direct=True)
test.finish()
