#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""--unwind=cfi and gcc give the same stacks, frame for frame, in programs that are always there.

The long run over many programs, AArch64 and frame pointers is tests/unwind/agree.py by hand.
"""
import os
import subprocess
import sys

SRC = os.path.abspath(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../.."))
BASH = ("/bin/bash -c 'f() { local a=($(echo {1..40})); x=${a[*]//1/22}; }; "
        "for i in {1..20}; do f; done; declare -A m; for i in {1..900}; do m[k$i]=$i; done'")
PERL = ("/usr/bin/perl -e 'my %h; for (1..4000) { $h{$_ % 701} .= \"x\" x ($_ % 50) } "
        "print length(join \",\", map { sort split // , $h{$_} } sort keys %h)'")
done = subprocess.run([sys.executable, os.path.join(SRC, "tests/unwind/agree.py"), BASH, PERL],
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
sys.stdout.write(done.stdout.decode(errors="replace"))
sys.exit(done.returncode)
