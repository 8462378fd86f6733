# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the measured rounds, and the lines of the table.

A row is a dict as run.py makes it: its "rounds" are dicts {recorder: Sample}. Every figure is the
median over the rounds of one computed within each round.
"""
import statistics

from recorders import ALL, ALLOC, NATIVE, PEER

RECORDED = (ALLOC, ALL, PEER)
NOISY = 0.10  # CPUs that others used during a round, from which on it is run again
FREES_PART = 1.8  # with stacks at frees too, the added cost is at most so many times that without
THREADS_PART = 1.2  # the cost of a pair with two threads against that with one
BYTES_PART = {False: 1.0, True: 1.3}  # bytes per event against the peer's, without and with threads

REPORT_RATE, REPORT_PART, REPORT_KB = 10, 3, 100000
MANY_EVENTS = 5e6  # from which on a report is mostly replay, not reading of symbols
FEW_BYTES = 0.02  # per event: what a recording has besides events


def median(row, figure):
    """Of figure(round); None when a recorder is missing."""
    try:
        return statistics.median(map(figure, row["rounds"]))
    except KeyError:
        return None


def added_wall(row, name):
    """ns in the loop that a malloc and a free take more; a thread's own time, not divided by the
    threads that do the same at once."""
    threads = 1 if "another" in row["name"] else row["threads"]
    return median(row, lambda r: (r[name]["seconds"] - r[NATIVE]["seconds"]) * threads
                  / (r[NATIVE]["events"] / 2) * 1e9)


def added_cpu(row, name):
    """CPU ns of the whole tree that a pair takes more; what a run takes anyway is included."""
    return median(row, lambda r: (r[name]["cpu"] - r[NATIVE]["cpu"])
                  / (r[NATIVE]["events"] / 2) * 1e9)


def times(row, name, what):
    """As many times as native."""
    return median(row, lambda r: r[name][what] / r[NATIVE][what])


def kept(row, name):
    return median(row, lambda r: r[name]["rate"] / r[NATIVE]["rate"])


def kept_cpu(row, name):
    """Operations per CPU second of the whole tree, against native."""
    def per_second(sample):
        return sample["rate"] * sample.get("seconds", sample["wall"]) / sample["cpu"]
    return median(row, lambda r: per_second(r[name]) / per_second(r[NATIVE]))


def added_ms(row, name, what):
    return median(row, lambda r: (r[name][what] - r[NATIVE][what]) * 1e3)


def events(sample, others):
    """Of a run: counted by us, else by the program, else as many as in our own run."""
    return sample.get("events") or others[ALL]["events"]


def bytes_per_event(row, name):
    return median(row, lambda r: r[name]["bytes"] / events(r[name], r))


FIGURES = {
    "pairs": (added_wall, added_cpu, "{:.0f}"),
    "program": (lambda r, n: times(r, n, "wall"), lambda r, n: times(r, n, "cpu"), "{:.2f}"),
    "rate": (kept, kept_cpu, "{:.2f}"),
    "redis": (kept, kept_cpu, "{:.2f}"),
    "fixed": (lambda r, n: added_ms(r, n, "wall"), lambda r, n: added_ms(r, n, "cpu"), "{:.0f}"),
}
UNITS = {"pairs": "ns", "program": "x", "rate": "kept", "redis": "kept", "fixed": "ms"}


def verdicts(row, rows):
    """[(what is wanted, the figure, whether it is met)] of a row. A goal in ns stands for a part
    of the peer's, on one machine; it counts only where there is no peer."""
    first, second, form = FIGURES[row["kind"]]
    wall, cpu = first(row, ALLOC), second(row, ALLOC)
    found = []
    if row["kind"] in ("rate", "redis"):
        found.append((f">= {row['goal']:.2f}", form.format(wall), wall >= row["goal"]))
    elif row["goal"] is not None and not (row["kind"] == "pairs" and first(row, PEER)):
        for what, figure in ("wall", wall), ("cpu", cpu):
            if row["kind"] != "fixed" or what == "wall":
                found.append((f"{what} <= {row['goal']} {UNITS[row['kind']]}",
                              form.format(figure), figure <= row["goal"]))
    found += peer_verdicts(row, first, second) + thread_verdicts(row, rows) + free_verdicts(row)
    return found + report_verdicts(row)


def report_verdicts(row):
    """The report of its recording: against the peer's, per second, and in memory."""
    r = row.get("report")
    if not r:
        return []
    rate = r["events"] / r["own"] / 1e6
    found = [(f"report <= {REPORT_KB // 1000} MB", f"{r['own_kb'] / 1000:.0f}",
              r["own_kb"] <= REPORT_KB)]
    if r["events"] >= MANY_EVENTS:
        found.append((f"report >= {REPORT_RATE} M events/s", f"{rate:.1f}", rate >= REPORT_RATE))
    if "peer" in r:
        times_as_fast = r["peer"] / r["own"]
        found.append((f"report >= {REPORT_PART} x peer", f"{times_as_fast:.1f}",
                      times_as_fast >= REPORT_PART))
    return found


def peer_verdicts(row, first, second):
    """Against heaptrack in the same rounds."""
    found = []
    if first(row, PEER) is None:
        return found
    if row["part"]:
        for what, figure in ("wall", first), ("cpu", second):
            part = figure(row, ALLOC) / figure(row, PEER)
            found.append((f"{what} <= {row['part']:.2f} peer", f"{part:.2f}", part <= row["part"]))
    if row["kind"] != "fixed":
        limit = BYTES_PART[row["threads"] > 1]
        own, peer = bytes_per_event(row, ALLOC), bytes_per_event(row, PEER)
        found.append((f"bytes <= {limit} peer", f"{own / peer:.2f}",
                      own <= max(limit * peer, FEW_BYTES)))
    return found


def thread_verdicts(row, rows):
    """Two threads against the row with one."""
    found = []
    for one in rows:
        if one["name"] == row["against"]:
            part = added_wall(row, ALLOC) / added_wall(one, ALLOC)
            found.append((f"wall <= {THREADS_PART} one thread", f"{part:.2f}",
                          part <= THREADS_PART))
    return found


def free_verdicts(row):
    """Stacks at frees too: the added time of the one against that of the other."""
    if row["kind"] == "pairs":
        part = added_wall(row, ALL) / added_wall(row, ALLOC)
    elif row["kind"] == "program":
        part = (times(row, ALL, "wall") - 1) / max(times(row, ALLOC, "wall") - 1, 0.01)
    else:
        return []
    return [(f"all <= {FREES_PART} alloc", f"{part:.2f}", part <= FREES_PART)]


def cell(figure, form):
    return "-" if figure is None else form.format(figure)


def head(about):
    """What the table was made on, and its heading."""
    return (f"{about['cpu']}, {about['cpus']} CPUs, Linux {about['kernel']}, {about['libc']}, "
            f"{about['date']}; {about['rounds']} rounds, scale {about['scale']:g}, "
            f"recordings on {about['written_to']}\n\n"
            f"{'':52} {'wall':^17} {'CPU of all':^17} {'bytes per event':^17}\n"
            f"{'row':38} {'native':>8} {'unit':>4} "
            + f"{'alloc':>5} {'all':>5} {'peer':>5} " * 3 + " goals met")


def native(row):
    if row["kind"] == "pairs":
        figure = median(row, lambda r: r[NATIVE]["seconds"] / (r[NATIVE]["events"] / 2) * 1e9)
        return f"{figure:.0f} ns"
    if "rate" in row["rounds"][0][NATIVE]:
        return f"{median(row, lambda r: r[NATIVE]['rate']) / 1e6:.2f} M/s"
    return f"{median(row, lambda r: r[NATIVE]['wall']):.2f} s"


def line(row, rows):
    """A row of the table."""
    first, second, form = FIGURES[row["kind"]]
    cells = [cell(first(row, n), form) for n in RECORDED]
    cells += [cell(second(row, n), form) for n in RECORDED]
    cells += [cell(bytes_per_event(row, n), "{:.2f}") if row["kind"] != "fixed" else "-"
              for n in RECORDED]
    met = [met for _, _, met in verdicts(row, rows)]
    return (f"{row['name'][:38]:38} {native(row):>8} {UNITS[row['kind']]:>4} "
            + " ".join(f"{c:>5}" for c in cells) + f"  {sum(met)} of {len(met)}"
            + f", noisy: {row['noise']:.1f} CPUs" * (row["noise"] > NOISY))


def memory(rows):
    """Most KB resident: what is added to the program, and the recorder's own."""
    lines = []
    for row in rows:
        m = {k: v for k, v in row["memory"].items() if v}
        if NATIVE not in m:
            continue
        cells = [f"{m[n][0] - m[NATIVE][0]:+8d}" if n in m else f"{'-':>8}" for n in RECORDED]
        cells += [f"{m[n][1]:8d}" for n in (ALLOC, ALL)]
        lines.append(f"{row['name'][:38]:38} {m[NATIVE][0]:8d} " + " ".join(cells))
    if not lines:
        return ""
    return (f"\n{'most KB resident':38} {'native':>8} {'+alloc':>8} {'+all':>8} {'+peer':>8} "
            f"{'recorder':>8} {'(all)':>8}\n" + "\n".join(lines) + "\n")


def reports(rows):
    """Reading the recordings of the last round: ours, the peer's interpreter and printer."""
    lines = []
    for row in rows:
        r = row.get("report")
        if r:
            peer = f"{r['peer']:10.2f} s {r['peer'] / r['own']:6.1f} x" if "peer" in r else ""
            lines.append(f"{row['name'][:38]:38} {r['own']:8.2f} s "
                         f"{r['events'] / r['own'] / 1e6:8.1f} {r['own_kb']:9d} KB{peer}")
    if not lines:
        return ""
    return (f"\n{'report':38} {'alone':>10} {'M ev./s':>8} {'resident':>12} {'peer':>12} {'':>8}\n"
            + "\n".join(lines) + "\n")


def foot(rows, about):
    """How many goals are met; the memory; what was left out."""
    found = [(row["name"], *v) for row in rows for v in verdicts(row, rows)]
    missed = [f"  {name}: {want}: {figure}\n" for name, want, figure, met in found if not met]
    text = memory(rows) + reports(rows)
    if missed:
        text += "\nGoals missed:\n" + "".join(missed)
    text += f"\n{sum(f[3] for f in found)} of {len(found)} goals met"
    if about["missing"]:
        text += "; not installed: " + ", ".join(sorted(set(about["missing"])))
    return text + "; lost events: none"
