#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T03: eight threads allocate while another forks 10,000 times: no child hangs, none is in the recording.
import lib

test = lib.Test()
FORKS = 10000
for target in test.targets("native", "musl"):  # qemu-user itself does not survive it
    victim = target.build("t03.c", "-pthread")
    for direct in (False, True):
        truth, report, r = test.golden(target, victim, str(FORKS), direct=direct)
        test.equal("children", r.text, "%d of %d children ended with 0\n" % (FORKS, FORKS))
        test.check_lossless(report)
        test.check_sites(report, truth)
        got, _ = lib.group(report, ["in_child"])
        test.equal("the children's blocks", got, {})
test.finish()
