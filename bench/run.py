#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What recording costs, against native runs and heaptrack: one table, and JSON.

Run it in a build directory. bench/README tells the method and how to read the table.
"""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import measure
import recorders
import table
import workloads

PATIENCE = 2  # rows that stayed noisy though run again, after which none is
QUICK_SCALE, QUICK_ROUNDS, ROUNDS = 0.35, 3, 5


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--rows", default="", metavar="REGEX", help="only rows whose name matches")
    p.add_argument("--rounds", type=int, metavar="N", help=f"default {ROUNDS}")
    p.add_argument("--quick", action="store_true",
                   help=f"shorter runs, {QUICK_ROUNDS} rounds, no memory: some minutes")
    p.add_argument("--scale", type=float, metavar="X", help="length of the runs, default 1")
    p.add_argument("--no-peer", action="store_true", help="leave heaptrack out")
    p.add_argument("--no-memory", action="store_true", help="leave out the runs for memory")
    p.add_argument("--tool", default="./dumpalloc", help="default ./dumpalloc")
    p.add_argument("--option", action="append", default=[], metavar="OPTION",
                   help="to be given to dumpalloc record, such as --option=--compress=none")
    p.add_argument("--dir", default=".", help="where temporary files are made, default here")
    p.add_argument("--json", default="bench.json", metavar="FILE", help="default bench.json")
    p.add_argument("--list", action="store_true", help="print the names of the rows")
    o = p.parse_args()
    o.tool = os.path.abspath(o.tool)
    o.rounds = o.rounds or (QUICK_ROUNDS if o.quick else ROUNDS)
    o.patience = PATIENCE
    o.scale = o.scale or (QUICK_SCALE if o.quick else 1.0)
    return o


def round_of(row, variants, folder):
    """One run under each; {name: Sample}, and the CPUs that others used meanwhile."""
    samples = {v.name: recorders.sample(row, v, folder) for v in variants}
    wall = sum(s["wall"] for s in samples.values())
    return samples, sum(s["foreign"] for s in samples.values()) / wall


def rounds_of(row, variants, folder, o):
    """As many quiet rounds as wanted or, of twice as many, the least noisy; and the noise."""
    round_of(row, variants[:1], folder)  # files into the page cache
    done, most = [], o.rounds * (2 if o.patience else 1)
    while sum(noise <= table.NOISY for _, noise in done) < o.rounds and len(done) < most:
        done.append(round_of(row, variants, folder))
    done.sort(key=lambda d: d[1])
    noise = done[o.rounds - 1][1]
    o.patience -= noise > table.NOISY and o.patience > 0
    return [samples for samples, _ in done[:o.rounds]], noise


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    return {"cpu": model[1] if model else platform.machine(), "cpus": os.cpu_count(),
            "kernel": platform.release(), "libc": "-".join(platform.libc_ver())}


def file_system(path):
    done = subprocess.run(["stat", "-f", "-c", "%T", path], stdout=subprocess.PIPE, check=False)
    return done.stdout.decode().strip() or "unknown"


def measured(row, files, variants, folder, o):
    """All there is to say of a row: a dict for table.py and the JSON file."""
    files.make(row.argv)
    rounds, noise = rounds_of(row, variants, folder, o)
    found = {"name": row.name, "kind": row.kind, "threads": row.threads, "goal": row.goal,
             "part": row.part, "against": row.against, "rounds": rounds, "noise": noise,
             "memory": {}}
    if row.is_reported and not o.quick:
        events = rounds[0][recorders.ALL]["events"]
        found["report"] = recorders.reports(variants, folder, events)
    if not o.quick and not o.no_memory:
        found["memory"] = {v.name: recorders.peaks(row, v, folder) for v in variants}
    for v in variants:
        v.remove()
    return found


def run(o, folder):
    rows, files = workloads.rows(folder, o.scale)
    rows = [r for r in rows if re.search(o.rows, r.name)]
    variants = recorders.available(folder, o.tool, o.option, not o.no_peer)
    about = {**machine(), "date": time.strftime("%Y-%m-%d"), "rounds": o.rounds,
             "scale": o.scale, "written_to": file_system(folder),
             "recorders": [v.name for v in variants], "missing": []}
    workloads.compile_own(folder)
    if len(variants) < 4 and not o.no_peer:
        about["missing"].append("heaptrack")
    results = []
    print(table.head(about), flush=True)
    for row in rows:
        if row.missing():
            about["missing"].append(row.missing())
            print(f"{row.name}: left out, {row.missing()} is not installed", flush=True)
            continue
        try:
            results.append(measured(row, files, variants, folder, o))
        except measure.Failed as e:
            measure.kill_all()
            print(f"{row.name}: FAILED: {e}", flush=True)
            about.setdefault("failed", []).append(row.name)
            continue
        print(table.line(results[-1], results), flush=True)
    print(table.foot(results, about))
    with open(o.json, "w", encoding="utf-8") as f:
        json.dump({"about": about, "rows": results}, f, indent=1)
    return 1 if about.get("failed") else 0


def stop(*_):
    raise KeyboardInterrupt


def main():
    o = options()
    if o.list:
        for row in workloads.rows("", 1)[0]:
            print(row.name)
        return 0
    if not os.path.exists(o.tool):
        sys.exit(f"{o.tool} is not there; run this in a build directory")
    signal.signal(signal.SIGTERM, stop)
    measure.become_reaper()
    folder = os.path.realpath(tempfile.mkdtemp(prefix="bench-", dir=o.dir))
    try:
        return run(o, folder)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        measure.kill_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
