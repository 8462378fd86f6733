# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one command with all its descendants, and says what that cost.

Orphans become children of this process (PR_SET_CHILD_SUBREAPER), so "reaped" means that the last
descendant is gone: a recorder that still drains, or a compressor behind a pipe, is waited for and
its CPU time counts. Each run has a session of its own, which kill_all() ends.
"""
import contextlib
import ctypes
import os
import re
import resource
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")
VALUE = re.compile(r"^(events|seconds|cpu_seconds|rate|resident_kb) ([\d.]+)$", re.M)
RECORDED = re.compile(r"(\d+) events in .*?, (\d+) lost")


class Failed(Exception):
    pass


class Run:
    """What one run cost: seconds from start to the last reap, CPU seconds of the whole tree, CPU
    seconds that others used meanwhile, and what the programs printed."""

    def __init__(self):
        self.wall = self.cpu = self.foreign = 0.0
        self.text = ""

    def values(self):
        """What a program of bench.h printed."""
        return {k: float(v) for k, v in VALUE.findall(self.text)}

    def recorded(self):
        """Events recorded and lost, or None: no recorder of ours said so."""
        m = RECORDED.search(self.text)
        return (int(m[1]), int(m[2])) if m else None


def become_reaper():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def busy_seconds():
    """CPU seconds that anything on this machine used since it started; stolen ones too."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _idle, _iowait, irq, soft, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / TICKS


def used(who):
    r = resource.getrusage(who)
    return r.ru_utime + r.ru_stime


def parents():
    """{pid: (parent, session)} of all processes."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            found[int(pid)] = int(fields[1]), int(fields[3])
    return found


def descendants():
    """Pids of all processes below this one."""
    table, known = parents(), {os.getpid()}
    while True:
        more = {p for p, (parent, _) in table.items() if parent in known} - known
        if not more:
            return known - {os.getpid()}
        known |= more


def kill_all():
    """End what still runs below this process, reap it, and remove heaptrack's pipe."""
    while True:
        for pid in descendants():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.unlink(f"/tmp/heaptrack_fifo{pid}")
        try:
            os.wait()
        except ChildProcessError:
            return


def find(program):
    """The pid of the descendant that runs the file @program, or None."""
    for pid in descendants():
        with contextlib.suppress(OSError):
            if os.path.samefile(f"/proc/{pid}/exe", program):
                return pid
    return None


def high_water_kb(pid):
    """Most KB ever resident since exec (ru_maxrss would count the image before it); 0: gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            return int(re.search(r"VmHWM:\s*(\d+)", f.read())[1])
    except (OSError, TypeError):
        return 0


def spawn(argv, output, env=None):
    """Start it without input, what it prints into the file @output, in a session of its own."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, output, flags, 0o600),
             (os.POSIX_SPAWN_DUP2, 1, 2)]
    return os.posix_spawnp(argv[0], argv, env or os.environ, file_actions=files, setsid=True)


def reap(pid):
    """Wait until nothing is left below this process; the exit status of @pid."""
    status = None
    while True:
        try:
            done, code = os.wait()
        except ChildProcessError:
            return status
        if done == pid:
            status = os.waitstatus_to_exitcode(code)


@contextlib.contextmanager
def accounted(output):
    """A Run that is filled in when the block, which starts and reaps processes, ends."""
    run = Run()
    if os.path.exists(output):
        os.unlink(output)
    busy, children, own = busy_seconds(), used(resource.RUSAGE_CHILDREN), used(
        resource.RUSAGE_SELF)
    begin = time.monotonic()
    yield run
    run.wall = time.monotonic() - begin
    run.cpu = used(resource.RUSAGE_CHILDREN) - children
    run.foreign = max(0.0, busy_seconds() - busy - run.cpu - used(resource.RUSAGE_SELF) + own)
    with open(output, encoding="utf-8", errors="replace") as f:
        run.text = f.read()


def run(argv, output, env=None):
    """Run it to its end and its descendants' end; Failed unless its status is 0."""
    with accounted(output) as result:
        status = reap(spawn(argv, output, env))
    if status:
        raise Failed(f"{' '.join(argv)}: status {status}\n{result.text[-2000:]}")
    return result


def peaks(argv, output, program, env=None):
    """Most KB resident of the descendant that runs the file @program, and of the process started
    itself; looked at every 2 ms until all are gone."""
    root, target, most = spawn(argv, output, env), None, [0, 0]
    while True:
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            return most
        target = target or find(program)
        most = [max(most[0], high_water_kb(target) if target else 0),
                max(most[1], high_water_kb(root))]
        time.sleep(0.002)
