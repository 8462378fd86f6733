# SPDX-License-Identifier: GPL-3.0-or-later
"""MIPS walks against a shadow call stack: the rows of unwind/truth that a minute allows."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "unwind/truth"))
import measure  # noqa: E402

ROWS = ("o32-le gcc -O2 pic", "o32-le gcc -O0 fixed", "o32-be gcc -Os pic", "o32-le clang -O2 pic",
        "n64-be gcc -O2 pic", "n32-be gcc -Os pic", "r6-le gcc -O2 pic", "mips16-le gcc -O2 pic")
work = os.path.join(os.environ.get("top_builddir", "."), "tests/work/unwind_truth.%d" % os.getpid())
strict = ["--strict"] if os.environ.get("CI") == "true" else []
status = measure.main(["--work", work, "--fails", "3", *strict, *("hard:" + r for r in ROWS)])
if status != 1:
    shutil.rmtree(work, ignore_errors=True)
sys.exit(status)
