#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the unwinders agree? Real programs, recorded once per --unwind, compared frame for frame.

agree.py [--modes=cfi,gcc] [--target=native|aarch64] [--root=DIR] [--events=N] [PROGRAM...]

Each program is deterministic and runs without address randomisation, so event i of one recording is
event i of the other; the recordings are read by tests/e2e/second_reader.py. Libraries opened late
may lie elsewhere, for the walkers map memory of their own: frames are compared by module and
offset. A program that hashes addresses (cc1) may so do things in another order: then, as the output
says, the sets of distinct stacks are compared.

A walk by frame pointers sees only what was built with them. With fp as the second mode, stacks are
compared from main() inwards, and those that pass through other modules than the executable (libc
calling malloc or calling back) are counted apart.
Run it in a build directory (for aarch64: a native one with cross/aarch64-linux-gnu, and --root a
root filesystem of Debian arm64 with the packages). One line per program; then every way in which
two stacks differ, with how many events have it. Status 1 when there is any, or nothing to compare.

PROGRAM: a name of PROGRAMS, or a command in quotes.
"""
import argparse
import collections
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.abspath(os.environ.get("top_srcdir") or os.path.join(HERE, "../.."))
BUILD = os.path.abspath(os.environ.get("top_builddir") or ".")
sys.path.insert(0, os.path.join(SRC, "tests/e2e"))
import second_reader  # noqa: E402

ENDS = ("complete", "depth", "no rule", "no module", "bad read", "not advancing", "foreign stack",
        "off")

# Name: (package, command). C and C++ programs with many stacks, the same on every run.
PROGRAMS = {
    "cc1": ("cpp-12", "$libexec/cc1 -quiet -O2 -frandom-seed=1 $tmp/big.c -o $tmp/big.s"),
    "cc1plus": ("g++-12", "$libexec/cc1plus -quiet -O1 -frandom-seed=1 $tmp/big.cc -o $tmp/big.s"),
    "python3": ("python3-minimal", "$bin/python3 -S -c '%s'" % (
        "import re,json;d={str(i):[i]*9 for i in range(6000)};s=json.dumps(d);json.loads(s);"
        "len(re.findall(\"([0-9]+)\",s))")),
    "perl": ("perl", "$bin/perl -e '%s'" % (
        "my %h; for (1..60000) { $h{$_ % 7001} .= \"x\" x ($_ % 50) } "
        "print length(join \",\", map { sort split // , $h{$_} } sort keys %h), \"\\n\"")),
    "sqlite3": ("sqlite3", "$bin/sqlite3 :memory: '%s'" % (
        "create table t(a,b); with recursive c(i) as (select 1 union all select i+1 from c where "
        "i<60000) insert into t select i, printf(\"%d-%d\",i,i*7) from c; create index x on t(b); "
        "select count(distinct substr(b,2)) from t;")),
    "jq": ("jq", "$bin/jq -n '[range(40000)|{a:tostring,b:[.,.+1]}]|map(.b|add)|add'"),
    "bash": ("bash", "$bin/bash -c '%s'" % (
        "f() { local a=($(echo {1..40})); x=${a[*]//1/22}; }; for i in {1..300}; do f; done; "
        "declare -A m; for i in {1..9000}; do m[k$i]=$i; done; echo ${#m[@]}")),
    "lua": ("lua5.4", "$bin/lua5.4 -e '%s'" % (
        "local t={} for i=1,120000 do t[i%977]=(\"x\"):rep(i%80)..i end print(#t)")),
    "gawk": ("gawk", "$bin/gawk 'BEGIN { for (i = 0; i < 90000; i++) a[i % 999] = a[i % 997] \"y\";"
                     " n = asorti(a, b); print n }'"),
}


def big_source(cxx):
    """A long program with many kinds of functions."""
    out = ["#include <stddef.h>", "struct s { int a[8]; double d; struct s *n; };"]
    for i in range(50):
        out.append("""
static int f%d(struct s *p, int n) { int i, r = %d; for (i = 0; i < n; i++) {
 switch (p->a[i & 7]) { case %d: r += p->d * i; break; case -1: p = p->n; r ^= i; break;
 default: r -= (n << 3) / (i + 1); } if (r > n) r = r %% 7 + (p ? p->a[1] : 0); } return r; }
int g%d(struct s *p) { return f%d(p, %d) + f%d(p, p->a[2]); }""" % (i, i, i % 9, i, i, i * 3, i))
        if cxx:
            out.append("template <class T> struct q%d { T v[3]; T sum() const { T r{}; for (auto x : "
                       "v) r += x; return r; } }; long h%d() { q%d<int> a{}; q%d<double> b{}; return "
                       "a.sum() + b.sum(); }" % (i, i, i, i))
    return "\n".join(out) + "\n"


class Runner:
    """Records a program with the shim alone, natively or under qemu-user."""

    def __init__(self, target, root, tmp):
        self.root, self.tmp = root, tmp
        self.shim = os.path.join(BUILD, "libdumpalloc.so")
        self.qemu, prefix = [], ""
        triplet = "x86_64-linux-gnu"
        if target != "native":
            triplet = target + "-linux-gnu"
            self.shim = os.path.join(BUILD, "cross", triplet, "libdumpalloc.so")
            self.qemu, prefix = ["qemu-%s-static" % target, "-L", root], root
        self.words = {"tmp": tmp, "bin": prefix + "/usr/bin",
                      "libexec": "%s/usr/lib/gcc/%s/12" % (prefix, triplet)}
        for name, cxx in (("big.c", False), ("big.cc", True)):
            with open(os.path.join(tmp, name), "w") as f:
                f.write(big_source(cxx))

    def argv(self, command):
        words = shlex.split(command)
        for name, value in self.words.items():
            words = [w.replace("$" + name, value) if w.startswith("$" + name) else w for w in words]
        return words

    def record(self, command, mode):
        """The recording's path, or None with a message."""
        path = os.path.join(self.tmp, mode + ".dalloc")
        # libgcc_s from the start in every mode, or it would shift the heap of one of them
        env = {"LD_PRELOAD": "libgcc_s.so.1 " + self.shim, "DUMPALLOC_FILE": path, "DUMPALLOC_UNWIND": mode,
               "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0",
               "PERL_HASH_SEED": "0", "LC_ALL": "C", "PATH": "/usr/bin:/bin"}
        argv = self.argv(command)
        sets = ["%s=%s" % v for v in env.items()]
        if self.qemu:
            argv = self.qemu + [w for s in sets for w in ("-E", s)] + argv
        else:
            argv = ["env"] + sets + argv
        done = subprocess.run(["setarch", "-R"] + argv, env={"PATH": "/usr/bin:/bin"},
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        if done.returncode or not os.path.exists(path):
            print("%s: status %d: %s" % (" ".join(argv), done.returncode, done.stderr.decode()[-300:]))
            return None
        return path


def heap_events(path):
    """All events of the recording in order; stacks as (frames, end)."""
    with open(path, "rb") as f:
        stream = second_reader.read(f.read())
    if stream.damage:
        sys.exit("%s: %s" % (path, stream.damage.why))
    out = []
    for t in stream.threads.values():
        stacks = [relative(stream, s) for s in t.stacks]
        out += [(order, kind, size, addresses, stacks[stack])
                for kind, order, stack, size, _, addresses, _ in t.events]
    out.sort(key=lambda e: e[0])
    return out, stream


def relative(stream, stack, known={}):
    """The stack with (module, offset, interrupted) as frames."""
    frames = []
    for pc, exact in stack[0]:
        key = (id(stream), pc)
        if key not in known:
            m = module_of(stream, pc)
            known[key] = (m["path"].decode(errors="replace"), pc - m["bias"]) if m else ("?", pc)
        frames.append(known[key] + (exact,))
    return tuple(frames), stack[1]


def module_of(stream, pc):
    for m in stream.modules.values():
        for vaddr, size, _, _, _ in m["segments"]:
            if vaddr <= pc - m["bias"] < vaddr + size:
                return m
    return None


def place(frame):
    return "%s+0x%x" % (os.path.basename(frame[0]), frame[1])


class OwnCode:
    """The part of stacks that is the executable's own, from main() inwards."""

    def __init__(self, stream):
        self.parts = {}
        self.path = stream.header["program"].decode(errors="replace")

    def is_own(self, frame):
        return frame[0] == self.path

    def from_main(self, stack):
        """Its frames behind _start and libc's; None when others follow."""
        if stack not in self.parts:
            frames = stack[0]
            at = 0
            for start in (True, False):
                while at < len(frames) and self.is_own(frames[at]) == start:
                    at += 1
            own = at < len(frames) and all(map(self.is_own, frames[at:]))
            self.parts[stack] = frames[at:] if own else None
        return self.parts[stack]


def keep_own(cfi, fp, stream):
    """Both lists without the stacks that frame pointers cannot follow, cut at main()."""
    own = OwnCode(stream)
    out = [], []
    for x, y in zip(cfi, fp):
        frames = own.from_main(x[4])
        if frames:
            found = y[4][0]
            found = found[found.index(frames[0]):] if frames[0] in found else found
            out[0].append(x[:4] + ((frames, 0),))
            out[1].append(y[:4] + ((found, 0),))
    return out


def describe(stack, other):
    """The frames from the last common one (outermost) to the first that differ."""
    frames, end = stack
    same = 0
    while same < min(len(frames), len(other[0])) and frames[same] == other[0][same]:
        same += 1
    shown = [place(f) for f in frames[same:same + 3][::-1]]
    return "%d frames, %s; %s outside %d common" % (len(frames), ENDS[end], " < ".join(shown) or "-", same)


def compare(name, runner, command, modes, limit):
    """Print a line for the program; (events, differing events)."""
    recordings = []
    for mode in modes:
        path = runner.record(command, mode)
        if not path:
            return 0, 1
        recordings.append(heap_events(path))
        os.unlink(path)
    (a, stream), (b, _) = recordings
    if limit:
        a, b = a[:limit], b[:limit]
    foreign = ""
    if modes[1] == "fp":
        n = len(a)
        a, b = keep_own(a, b, stream)
        foreign = ", %d through other modules left out" % (n - len(a))
    unequal = collections.Counter()
    if len(a) == len(b) and all(x[1:3] == y[1:3] for x, y in zip(a, b)):
        for x, y in zip(a, b):
            if x[4] != y[4]:
                unequal[(x[4], y[4])] += 1
    else:
        foreign += "; in another order (%d events and %d): stacks compared as sets" % (len(a), len(b))
        here, there = {x[4] for x in a}, {y[4] for y in b}
        unequal.update([(s, ((), 0)) for s in here - there] + [(((), 0), s) for s in there - here])
    stacks = len({x[4] for x in a})
    frames = sum(len(x[4][0]) for x in a)
    print("%-10s %9d events, %6d stacks, %10d frames: %d differ, %d complete%s" % (
        name, len(a), stacks, frames, sum(unequal.values()), sum(x[4][1] == 0 for x in a), foreign))
    for (x, y), n in unequal.most_common(12):
        print("    %6d x %s: %s\n           %s: %s" % (
            n, modes[0], describe(x, y), modes[1], describe(y, x)))
    sys.stdout.flush()
    return len(a), sum(unequal.values())


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--modes", default="cfi,gcc")
    p.add_argument("--target", default="native")
    p.add_argument("--root", default="/")
    p.add_argument("--events", type=int, default=0)
    p.add_argument("programs", nargs="*")
    args = p.parse_args()
    modes = args.modes.split(",")
    events = differing = 0
    with tempfile.TemporaryDirectory() as tmp:
        runner = Runner(args.target, args.root, tmp)
        for name in args.programs or PROGRAMS:
            command = PROGRAMS[name][1] if name in PROGRAMS else name
            n, d = compare(os.path.basename(name.split()[0]), runner, command, modes, args.events)
            events, differing = events + n, differing + d
    print("%s: %s: %d events, %d differ" % (args.target, args.modes, events, differing))
    return 1 if differing or not events else 0


if __name__ == "__main__":
    sys.exit(main())
