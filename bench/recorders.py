# SPDX-License-Identifier: GPL-3.0-or-later
"""How a program is run: natively, under dumpalloc, under heaptrack; and one measured run of it."""
import contextlib
import glob
import os
import re
import shutil
import signal
import socket
import time

import measure

NATIVE, ALLOC, ALL, PEER = "native", "alloc", "all", "heaptrack"
SERVER_SECONDS = 10
REQUESTS = 500000


class Recorder:
    """name: one of the above; prefix: the words before the program's own."""

    def __init__(self, name, folder, tool, options=()):
        self.name, self.tool = name, tool
        self.files = os.path.join(folder, "recording-" + name)
        self.prefix = {
            NATIVE: [],
            ALLOC: [tool, "record", "--force", "-o", self.files, "--stacks=alloc", *options, "--"],
            ALL: [tool, "record", "--force", "-o", self.files, *options, "--"],
            PEER: ["heaptrack", "-r", "-o", self.files],
        }[name]

    def remove(self):
        for path in glob.glob(glob.escape(self.files) + "*"):
            os.unlink(path)

    def bytes(self):
        """Of everything it wrote."""
        return sum(map(os.path.getsize, glob.glob(glob.escape(self.files) + "*")))


class Sample(dict):
    """One run: wall, cpu, foreign (seconds), bytes, events, lost and what the program printed."""


def available(folder, tool, options=(), peer=True):
    """The recorders to compare, native first."""
    names = [NATIVE, ALLOC, ALL] + [PEER] * bool(peer and shutil.which("heaptrack"))
    return [Recorder(n, folder, tool, options) for n in names]


def sample(row, recorder, folder):
    """Run @row once under @recorder."""
    output = os.path.join(folder, "output")
    recorder.remove()
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C.UTF-8",
                   **row.environment}
    if row.kind == "redis":
        result, values = serve(recorder, output, folder, environment)
    else:
        argv = row.argv
        result = measure.run(recorder.prefix + argv, output, environment)
        values = result.values()
    found = Sample(values, wall=result.wall, cpu=result.cpu, foreign=result.foreign,
                   bytes=recorder.bytes())
    if recorder.name in (ALLOC, ALL):
        recorded = result.recorded()
        if not recorded:
            raise measure.Failed(f"{row.name}: not recorded\n{result.text[-2000:]}")
        found["events"], found["lost"] = recorded
        if recorded[1]:
            raise measure.Failed(f"{row.name}: {recorded[1]} events lost")
    return found


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise measure.Failed("redis-server does not answer")


def serve(recorder, output, folder, environment, requests=None):
    """A redis-server asked by redis-benchmark, then ended; the rate is the client's figure."""
    port, said = str(free_port()), os.path.join(folder, "client")
    server = [*recorder.prefix, "redis-server", "--bind", "127.0.0.1", "--port", port, "--save",
              "", "--appendonly", "no", "--dir", folder]
    client = ["redis-benchmark", "-p", port, "-t", "lpush", "-n", str(requests or REQUESTS), "-P",
              "16", "-c", "20", "--csv"]
    with contextlib.suppress(OSError):
        os.unlink(said)
    with measure.accounted(output) as result:
        pid = measure.spawn(server, output, environment)
        wait_for(int(port))
        _, status, _ = os.wait4(measure.spawn(client, said), 0)
        os.kill(measure.find(shutil.which("redis-server")), signal.SIGTERM)
        measure.reap(pid)
    with open(said, encoding="utf-8") as f:
        rate = re.search(r'"LPUSH","([\d.]+)"', f.read())
    if status or not rate:
        raise measure.Failed("redis-benchmark failed")
    return result, {"rate": float(rate[1])}


def peaks(row, recorder, folder):
    """Most KB resident of the program and of the recorder (0: none, or not one process)."""
    if row.kind == "redis":
        return None
    recorder.remove()
    target, root = measure.peaks(recorder.prefix + row.argv, os.path.join(folder, "output"),
                                 shutil.which(row.argv[0]), {**os.environ, **row.environment})
    return target, root if recorder.name in (ALLOC, ALL) else 0


def reports(recorders, folder, events):
    """Seconds to report the recordings that lie there: ours, and the peer's if it is there."""
    named = {r.name: r for r in recorders}
    output, result = os.path.join(folder, "output"), {"events": events}
    argv = [named[ALL].tool, "report", "-q", "--format", "json:/dev/null", named[ALL].files]
    result["own"] = min(measure.run(argv, output).wall for _ in range(2))
    result["own_kb"] = measure.peaks(argv, output, named[ALL].tool)[1]
    interpreter = next(iter(glob.glob("/usr/lib*/heaptrack/libexec/heaptrack_interpret")), None)
    if PEER in named and interpreter:
        text = os.path.join(folder, "interpreted")
        script = f'zstd -dc "$1" | {interpreter} >"$2" && heaptrack_print "$2"'
        recording = glob.glob(glob.escape(named[PEER].files) + "*")[0]
        argv = ["sh", "-c", script, "sh", recording, text]
        result["peer"] = min(measure.run(argv, output).wall for _ in range(2))
        os.unlink(text)
    return result
