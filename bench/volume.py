#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten million events of a busy program: what recording and reporting cost.

usage: cd BUILD; python3 ../bench/volume.py [ROUNDS [PAIRS]]

Builds bench/busy.c, runs it native and recorded in turn (one warm-up pair, then PAIRS), and
reports each recording. Quotes medians; the ratio is the median of the pairs' ratios. Wall time is
from start to reap, drain included; resident memory is the recorder's own (the target's apart).
"""
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "busy.c")
TOOL = os.path.abspath("dumpalloc")


def high_water_kb(pid):
    """VmHWM of a process, in KB (ru_maxrss would count the image before exec too); 0: gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmHWM:\s*(\d+)", f.read()).group(1))
    except (OSError, AttributeError):
        return 0


def run(*command):
    """Wall seconds, peak resident KB of the process itself, and its standard error."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors) as p:
            peak = 0
            while not os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                peak = max(peak, high_water_kb(p.pid))
                time.sleep(0.005)
            seconds = time.monotonic() - begin
        errors.seek(0)
        text = errors.read().decode()
    if p.returncode:
        sys.exit(f"{' '.join(command)}: status {p.returncode}\n{text}")
    return seconds, peak, text


def main():
    rounds = sys.argv[1] if len(sys.argv) > 1 else "5000000"
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        busy, recording = os.path.join(folder, "busy"), os.path.join(folder, "busy.dalloc")
        subprocess.run(["cc", "-O2", "-o", busy, SOURCE], check=True)
        rows = []
        for i in range(pairs + 1):
            native, _, _ = run(busy, rounds)
            record, record_kb, text = run(TOOL, "record", "--force", "-o", recording, busy, rounds)
            report, report_kb, _ = run(TOOL, "report", "--format", "json:/dev/null", recording)
            events = int(re.search(r"(\d+) events", text).group(1))
            lost = int(re.search(r"(\d+) lost", text).group(1))
            if i:
                rows.append((native, record, record / native, report, record_kb, report_kb))
        native, record, ratio, report, record_kb, report_kb = map(statistics.median, zip(*rows))
        size = os.path.getsize(recording)
        print(f"{platform.machine()}, {os.cpu_count()} CPUs, {time.strftime('%Y-%m-%d')}, "
              f"{pairs} pairs of busy {rounds}")
        print(f"events                     {events}, {lost} lost")
        print(f"native / recorded          {native:.2f} s / {record:.2f} s, ratio {ratio:.2f}")
        print(f"added per malloc and free  {(record - native) / events * 2e9:.0f} ns")
        print(f"recording                  {size / events:.2f} bytes per event")
        print(f"recorder resident          {record_kb} KB")
        print(f"report                     {report:.2f} s, {events / report / 1e6:.1f} M events/s, "
              f"{report_kb} KB resident")


if __name__ == "__main__":
    main()
