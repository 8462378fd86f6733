# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the benchmark: what runs, at what size, and the goal it is held against."""
import os
import shutil
import subprocess

import inputs

FOLDER = os.path.dirname(os.path.abspath(__file__))
OWN = ("alloc_test_like", "cfrac_like", "espresso_like", "glibc_thread_like", "larson_like",
       "micro", "xmalloc_like")
REPORTED = ("cc1 -O2", "cfrac-like", "espresso-like", "python3")
JQ = "[.[]|{id,name,n:(.tags|length)}]|group_by(.name)|map({k:.[0].name,n:length})"


class Row:
    """One program to measure. kind: "pairs" (cost of one malloc and free), "program" (of a whole
    run), "rate" (operations per second), "redis" (a server and its client), "fixed" (of starting).

    goal: pairs: ns added per pair, and what part of the peer's; program: times as long as
    native; rate and redis: the part of the native rate kept; fixed: ms added.
    """

    def __init__(self, name, kind, argv, goal, **more):
        self.name, self.kind, self.argv, self.goal = name, kind, argv, goal
        self.part = more.get("part")
        self.threads = more.get("threads", 1)
        self.environment = more.get("environment", {})
        self.package = more.get("package")
        self.against = more.get("against")
        self.is_reported = name in REPORTED

    def missing(self):
        """What is to be installed, or None."""
        if self.argv and shutil.which(self.argv[0]):
            return None
        return self.package or "a compiler"


def compile_own(folder, names=OWN, *flags):
    """The programs of this folder, built into that one."""
    compiler = os.environ.get("CC", "cc").split()
    for name in names:
        subprocess.run([*compiler, "-O2", "-g", "-D_GNU_SOURCE", "-pthread", *flags, "-o",
                        os.path.join(folder, name), os.path.join(FOLDER, name + ".c")],
                       check=True)


def micro(folder, scale):
    pairs = str(int(2e6 * scale))

    def row(depth, stacks, mode, goal, part, **more):
        what = {"1": "", "2": ", 2 threads", "handoff": ", freed by another thread"}[mode]
        name = f"micro depth {depth}, {'one stack' if stacks == 1 else f'{stacks} stacks'}{what}"
        argv = [os.path.join(folder, "micro"), pairs, str(depth), str(stacks), mode]
        return Row(name, "pairs", argv, goal, part=part, **more)

    for depth, goal in (5, 40), (20, 70), (60, 135):
        yield row(depth, 1, "1", goal, 1 / 4)
    for depth, goal in (5, 85), (20, 130), (60, 245):
        yield row(depth, 1000, "1", goal, 1 / 3)
    for stacks in 1, 1000:
        one = f"micro depth 20, {'one stack' if stacks == 1 else f'{stacks} stacks'}"
        yield row(20, stacks, "2", None, 1 / 6, threads=2, against=one)
    yield row(20, 1, "handoff", None, 1 / 6, threads=2)


def patterns(folder, scale):
    def program(name, goal, size):
        return Row(name.replace("_", "-"), "program",
                   [os.path.join(folder, name), str(int(size * scale))], goal)

    def rate(name, goal):
        return Row(name.replace("_", "-") + ", 2 threads", "rate",
                   [os.path.join(folder, name), f"{0.7 * scale:.2f}", "2"], goal, threads=2)

    yield program("cfrac_like", 2.6, 25e6)
    yield program("espresso_like", 1.28, 8e6)
    yield program("alloc_test_like", 1.6, 1e7)
    yield rate("larson_like", 0.40)
    yield rate("xmalloc_like", 0.45)
    yield rate("glibc_thread_like", 0.40)


def compiler_pass(name):
    """The compiler proper behind cc and c++, which is gcc's; a path that is not there if not."""
    for driver in ("cc", "gcc"):
        if shutil.which(driver):
            out = subprocess.run([driver, "-print-prog-name=" + name], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, check=False).stdout.decode().strip()
            if out.startswith("/") and shutil.which(out):
                return out
    return name


class Inputs:
    """Files made when a row first needs them."""

    def __init__(self, folder, scale):
        self.folder, self.scale = folder, scale

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, argv):
        """Make those that @argv names."""
        for name, maker in MAKERS.items():
            path = self.path(name)
            if any(path in word for word in argv) and not os.path.exists(path):
                maker(path, self.scale)


MAKERS = {"source.i": inputs.c_source, "source.ii": inputs.cxx_source,
          "rows.json": inputs.json_file, "inserts.sql": inputs.sql_file,
          "words.txt": inputs.text_file, "repository": inputs.git_repository,
          "work.js": inputs.node_script, "work.py": inputs.python_script}


def programs(files):
    """Debian's programs."""
    def row(name, argv, goal, **more):
        return Row(name, "program", argv, goal, package=more.pop("package", name), **more)

    cc1 = ["-quiet", "-O2", "-fpreprocessed", "-o", "/dev/null"]
    yield row("cc1 -O2", [compiler_pass("cc1"), *cc1, files.path("source.i")], 1.18,
              package="gcc")
    yield row("cc1plus -O2", [compiler_pass("cc1plus"), *cc1, files.path("source.ii")], 1.20,
              package="g++")
    yield row("python3", ["/usr/bin/python3", files.path("work.py"), files.path("rows.json")],
              1.45, environment={"PYTHONMALLOC": "malloc"})
    yield row("sqlite3", ["sqlite3", ":memory:", ".read " + files.path("inserts.sql")], 1.15)
    yield row("jq", ["jq", JQ, files.path("rows.json")], 1.20)
    yield row("git log --stat", ["git", "-C", files.path("repository"), "log", "--stat"], 1.08,
              package="git")
    yield row("node", ["node", files.path("work.js"), files.path("rows.json")], 1.18,
              package="nodejs")
    yield Row("redis-server lpush", "redis", ["redis-server"], 0.75, package="redis-server")
    yield Row("xz -1 (fixed cost)", "fixed", ["xz", "-T1", "-1", "-c", files.path("words.txt")],
              20, package="xz-utils")


def rows(folder, scale):
    """All of them, and the Inputs to make them run."""
    files = Inputs(folder, scale)
    return [*micro(folder, scale), *patterns(folder, scale), *programs(files)], files
