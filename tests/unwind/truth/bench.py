# SPDX-License-Identifier: GPL-3.0-or-later
"""Building the plugin and the preloads, running programs with them, reading what they tell."""
import collections
import os
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ORDER = ("none", "exact", "truncated", "wrong")


class Missing(Exception):
    """Something that is not installed."""


def run(argv, **kw):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if done.returncode:
        sys.exit("failed: %s\n%s" % (" ".join(argv), done.stdout.decode(errors="replace")))


def need(program):
    if not shutil.which(program):
        raise Missing("%s is not installed" % program)
    return program


def crashed(status):
    """A process that died of a signal, or said of its program that it did."""
    return status < 0 and -status in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT,
                                      signal.SIGFPE)


class Abi:
    """An ABI and libc: a compiler of preloads, an emulator."""

    def __init__(self, name, probe, qemu):
        self.name, self.probe, self.qemu = name, probe.split(), qemu.split()


class Bench:
    def __init__(self, options):
        self.o, self.work = options, os.path.abspath(options.work)
        os.makedirs(self.work, exist_ok=True)
        self.plugin = os.path.join(self.work, "shadow.so")
        if os.uname().machine != "x86_64":
            raise Missing("the plugin needs an x86-64 machine")
        run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-o", self.plugin,
             os.path.join(HERE, "shadow.c")])
        self.probes = {}

    def probe(self, abi):
        """The preload for an ABI (and libc)."""
        if abi.name not in self.probes:
            src = os.path.join(self.o.src, "src")
            mips = os.path.join(src, "unwind/mips")
            files = []
            for folder in (os.path.join(src, "base"), os.path.join(src, "unwind"), mips):
                files += sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".c"))
            out = os.path.join(self.work, "probe-%s.so" % abi.name)
            need(abi.probe[0])
            run([*abi.probe, "-std=gnu11", "-O2", "-g", "-fPIC", "-fvisibility=hidden", "-fno-builtin",
                 "-ftls-model=initial-exec", "-D_GNU_SOURCE", "-Werror", "-I" + src, "-I" + mips,
                 "-I" + os.path.join(src, "base/arch/mips"), "-shared",
                 "-nostdlib", "-Wl,--hash-style=sysv", "-o", out, os.path.join(HERE, "probe.c"),
                 *files, "-lgcc"])
            self.probes[abi.name] = out
        return self.probes[abi.name]

    def qemu(self, abi, root, name):
        """The start of a command line that leaves its results in files that results() reads."""
        need(abi.qemu[0])
        out = os.path.join(self.work, "result-" + name)
        for f in os.listdir(self.work):
            if f.startswith("result-%s." % name):
                os.unlink(os.path.join(self.work, f))
        return [*abi.qemu, "-L", root, "-plugin", "%s,out=%s" % (self.plugin, out),
                "-E", "LD_PRELOAD=" + self.probe(abi), "-E", "TRUTH_MODE=%d" % self.o.mode]

    def results(self, name):
        stacks, facts = {}, collections.Counter()
        for f in sorted(os.listdir(self.work)):
            if not f.startswith("result-%s." % name):
                continue
            with open(os.path.join(self.work, f)) as lines:
                for k, v in (w.split("=") for w in next(lines).split()[1:]):
                    facts[k] += int(v)
                for line in lines:
                    head, frames = line.rstrip("\n").split(" :", 1)
                    verdict = head.split()
                    if frames not in stacks or \
                            ORDER.index(verdict[0]) > ORDER.index(stacks[frames][0]):
                        stacks[frames] = verdict
        return stacks, facts
