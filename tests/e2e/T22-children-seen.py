#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T22: a program that waits for all children finds its own only, and has a parent.
import lib

test = lib.Test()
for target in test.targets("native", "musl", *lib.CROSS):
    victim = target.build("t22.c")
    a, _ = test.ab(target, victim)
    test.ok("waited for 5, sum 10, until none was left; told 5 times\nparent: lives\n" in a.text, "it saw its own")
test.finish()
