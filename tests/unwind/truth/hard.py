# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs whose frames are hard on purpose, for each ABI, compiler and way to compile."""
import os
import shutil
import subprocess

from bench import Abi, Missing, crashed

HERE = os.path.dirname(os.path.abspath(__file__))
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
PIC = {"pic": (["-fPIE"], ["-pie"]), "fixed": (["-fno-pie"], ["-no-pie"])}
LIMIT = 300  # seconds for one run


class Kind:
    """An ABI with its compilers; clang only compiles, gcc links."""

    def __init__(self, name, gcc, qemu, root, **more):
        self.name, self.gcc, self.root = name, gcc.split(), root
        self.clang, self.flags = more.get("clang", "").split(), more.get("flags", "").split()
        # What the libc and the preload are compiled for may differ from the program.
        self.abi = Abi(more.get("probe", name), more.get("probe_gcc", gcc), qemu)
        self.goal = more.get("goal", 99)
        self.xx = more.get("xx", True)
        self.simple = more.get("simple", False)

    def missing(self):
        for p in (self.gcc[0], self.abi.qemu[0]):
            if not shutil.which(p):
                return "%s is not installed" % p
        return None if os.path.exists(self.root) else "%s is missing" % self.root


def gnu(name, triplet, qemu, mabi="", target=None, **more):
    root = "/usr/" + triplet
    clang = "clang --target=%s -isystem %s/include" % (target or triplet, root)
    return Kind(name, (triplet + "-gcc " + mabi).strip(), qemu, root, clang=(clang + " " + mabi).strip(), **more)


def kinds(musl, soft):
    found = [
        gnu("o32-le", "mipsel-linux-gnu", "qemu-mipsel"),
        gnu("o32-be", "mips-linux-gnu", "qemu-mips"),
        gnu("n32-le", "mipsel-linux-gnu", "qemu-mipsn32el", "-mabi=n32", "mips64el-linux-gnuabi64"),
        gnu("n32-be", "mips-linux-gnu", "qemu-mipsn32", "-mabi=n32", "mips64-linux-gnuabi64"),
        gnu("n64-le", "mipsel-linux-gnu", "qemu-mips64el", "-mabi=64", "mips64el-linux-gnuabi64"),
        gnu("n64-be", "mips-linux-gnu", "qemu-mips64", "-mabi=64", "mips64-linux-gnuabi64"),
        Kind("r6-le", "mipsisa32r6el-linux-gnu-gcc", "qemu-mipsel -cpu mips32r6-generic",
             "/usr/mipsisa32r6el-linux-gnu"),
        Kind("r6n64-le", "mipsisa64r6el-linux-gnuabi64-gcc", "qemu-mips64el -cpu I6400",
             "/usr/mipsisa64r6el-linux-gnuabi64"),
        gnu("mips16-le", "mipsel-linux-gnu", "qemu-mipsel", probe="o32-le",
            flags="-mips16 -minterlink-mips16", goal=95),
        gnu("mips16-be", "mips-linux-gnu", "qemu-mips", probe="o32-be",
            flags="-mips16 -minterlink-mips16", goal=95),
    ]
    return found + list(musl_kinds(musl, soft))


def print_file(compiler, what):
    if not shutil.which(compiler):
        return what
    done = subprocess.run([compiler, "-print-file-name=" + what], stdout=subprocess.PIPE, check=False)
    return done.stdout.decode().strip()


class Musl(Kind):
    """musl for mipsel with the compiler of another libc."""

    def __init__(self, name, root, include, lib, libc, **more):
        flags = "-nostdinc -isystem %s" % include
        gcc = "mipsel-linux-gnu-gcc %s -isystem %s" % (flags, print_file("mipsel-linux-gnu-gcc", "include"))
        clang = "clang --target=mipsel-linux-gnu %s -isystem %s" % (flags, print_file("clang", "include"))
        super().__init__(name, gcc, more.pop("qemu", "qemu-mipsel"), root, xx=False, clang=clang,
                         probe_gcc="mipsel-linux-gnu-gcc", **more)
        self.link = (["-nostdlib", "-Wl,-dynamic-linker,/lib/" + libc, lib + "/Scrt1.o", lib + "/crti.o"],
                     [lib + "/libc.so" if os.path.exists(lib + "/libc.so") else
                      root + "/lib/mipsel-linux-musl/libc.so", "-lgcc", lib + "/crtn.o"])


def musl_kinds(hard, soft):
    """@hard: Debian's packages musl and musl-dev for mipsel; @soft: an installation with -msoft-float."""
    if hard:
        hard = os.path.abspath(hard)
        yield Musl("musl-le", hard, hard + "/usr/include/mipsel-linux-musl", hard + "/usr/lib/mipsel-linux-musl",
                   "ld-musl-mipsel.so.1", probe="o32-le")
    if soft:
        soft = os.path.abspath(soft)
        where = soft, soft + "/usr/include", soft + "/usr/lib", "ld-musl-mipsel-sf.so.1"
        # As OpenWrt compiles; its libc is MIPS16 code, too.
        yield Musl("openwrt-le", *where, flags="-msoft-float -mips16 -minterlink-mips16", probe="o32-le", goal=95)
        yield Musl("micromips-le", *where, flags="-msoft-float -mmicromips", qemu="qemu-mipsel -cpu M14Kc",
                   probe="m14k", goal=0, simple=True)


class Hard:
    """One way to compile."""

    def __init__(self, bench, kind, compiler, level, pic):
        self.bench, self.kind, self.compiler, self.level, self.pic = bench, kind, compiler, level, pic
        self.name = "%s %s %s %s" % (kind.name, compiler, level, pic)
        self.file = self.name.replace(" ", "")
        self.dir = os.path.join(bench.work, "hard-" + self.file)

    def tool(self, argv):
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise Missing("%s: %s" % (" ".join(argv), done.stdout.decode(errors="replace")[-800:]))

    def compile(self, source, flags):
        cc = self.kind.gcc if self.compiler == "gcc" else self.kind.clang
        mine = ["-Wno-unknown-warning-option"] if self.compiler == "clang" else []
        if self.compiler == "gcc" and source.endswith(".cc"):
            cc = [cc[0][:-3] + "g++", *cc[1:]]
        out = os.path.join(self.dir, source + ".o")
        self.tool([*cc, *self.kind.flags, self.level, "-D_GNU_SOURCE", "-w", *mine, *flags, "-c",
                   os.path.join(HERE, "hard", source), "-o", out])
        return out

    def link(self, out, objects, flags):
        before, after = getattr(self.kind, "link", ([], ["-lpthread", "-ldl"]))
        cc = self.kind.gcc
        if objects[0].endswith(".cc.o"):
            cc = [cc[0][:-3] + "g++", *cc[1:]]
        out = os.path.join(self.dir, out)
        self.tool([*cc, *self.kind.flags, *flags, "-s", *before, *objects, *after, "-o", out])
        return out

    def library(self):
        o = self.compile("library.c", ["-fPIC"])
        out = os.path.join(self.dir, "library.so")
        self.tool([*self.kind.gcc, *self.kind.flags, "-shared", "-nostdlib", "-s", o, "-o", out,
                   "-Wl,--unresolved-symbols=ignore-all"])
        return out

    def programs(self):
        flags, linking = PIC[self.pic]
        # n64 programs with PLTs do not start
        if self.pic == "fixed" and self.compiler == "gcc" and "-mabi=64" not in self.kind.gcc:
            flags = flags + ["-mplt"]
        if self.kind.simple:
            yield [self.link("simple", [self.compile("simple.c", flags)], linking)]
            return
        yield [self.link("hard", [self.compile("hard.c", flags)], [*linking, "-rdynamic"]), self.library()]
        if self.kind.xx and self.compiler == "gcc" and shutil.which(self.kind.gcc[0][:-3] + "g++"):
            yield [self.link("hardxx", [self.compile("hardxx.cc", flags)], linking)]

    def measure(self):
        if self.kind.missing():
            raise Missing(self.kind.missing())
        if self.compiler == "clang" and not shutil.which("clang"):
            raise Missing("clang is not installed")
        os.makedirs(self.dir, exist_ok=True)
        command = self.bench.qemu(self.kind.abi, self.kind.root, self.file)
        crashes = 0
        for argv in self.programs():
            done = subprocess.run([*command, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
            if done.returncode or done.stdout.strip() != b"ok":
                print("    %s: status %d, %s" % (os.path.basename(argv[0]), done.returncode, done.stdout[-300:]))
                crashes += 1
        stacks, facts = self.bench.results(self.file)
        facts["crashed"] += crashes
        return stacks, facts


def ways(kind):
    for compiler in ("gcc", "clang"):
        if compiler == "clang" and (not kind.clang or kind.flags):
            continue
        # microMIPS programs of gcc -O1 and above die in qemu 7.2, without a recorder, too
        for level in LEVELS[:1] if kind.simple else LEVELS:
            for pic in PIC:
                yield compiler, level, pic


def rows(bench, name):
    """What to measure: (name, goal in percent, function). @name is a part of a row's name."""
    for kind in kinds(bench.o.musl, bench.o.soft):
        for compiler, level, pic in ways(kind):
            hard = Hard(bench, kind, compiler, level, pic)
            goal = min(kind.goal, 96) if (compiler, pic) == ("clang", "fixed") else kind.goal
            if name in hard.name:
                yield hard.name, goal, hard.measure
