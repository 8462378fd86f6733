# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenario tests share: victims, runs with and without recording, truths, checks.

A test is a script that makes a Test, calls its checks and ends with finish(). make check sets
top_srcdir, top_builddir, DUMPALLOC and CC; by hand, run it in a build directory.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

SRC = os.path.abspath(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.abspath(os.environ.get("top_builddir") or ".")
TOOL = os.environ.get("DUMPALLOC") or os.path.join(BUILD, "dumpalloc")
VICTIMS = os.path.join(SRC, "tests/e2e/victims")
HANG = 240  # seconds; no run takes a tenth of it, unless it hangs
CROSS = ("mipsel", "mips", "aarch64")
# The rest of the matrix, in fewer tests; i386 programs run on the PC's kernel.
CPUS = CROSS + ("arm", "riscv64", "mips64el", "i386")
TRIPLETS = {"arm": "arm-linux-gnueabihf", "i386": "i686-linux-gnu",
            "mips64el": "mips64el-linux-gnuabi64"}


class Run:
    """A finished process."""

    def __init__(self, argv, status, out, err, seconds):
        self.argv, self.status, self.out, self.err, self.seconds = argv, status, out, err, seconds

    @property
    def text(self):
        return self.out.decode(errors="replace")

    @property
    def errors(self):
        return self.err.decode(errors="replace")


class Hung(Exception):
    pass


class Truth:
    """What a victim knows of its own heap: see victims/truth.h."""

    def __init__(self, path):
        self.sites, self.functions, self.values = {}, {}, {}
        with open(path) as f:
            for line in f:
                word = line.split()
                if word[0] == "site":
                    self.sites[word[1]] = dict(zip(
                        ("alloc_calls", "alloc_bytes", "live_blocks", "live_bytes"),
                        map(int, word[2:])))
                elif word[0] == "function":
                    self.functions[word[1]] = (int(word[2]), int(word[3]))
                else:
                    self.values[word[0]] = [int(w) for w in word[1:]]

    def sum(self, key):
        return sum(s[key] for s in self.sites.values())


class Target:
    """Where victims run: native, musl, or a CPU under qemu-user."""

    def __init__(self, test, name):
        self.test, self.name = test, name
        self.qemu, self.root = [], "/"
        self.shim, self.tool = os.path.join(BUILD, "libdumpalloc.so"), TOOL
        self.cc, self.cxx = os.environ.get("CC", "cc").split(), ["c++"]
        if name == "musl":
            # the wrapper forgets what the gcc of a musl system passes: the index of the unwind tables
            self.cc, self.cxx = ["musl-gcc", "-Wl,--eh-frame-hdr"], None
        elif name in CPUS:
            triplet = TRIPLETS.get(name, name + "-linux-gnu")
            folder = os.path.join(BUILD, "cross", triplet)
            self.root = "/usr/" + triplet
            self.qemu = ["qemu-%s-static" % name, "-L", self.root]
            self.cc, self.cxx = [triplet + "-gcc"], [triplet + "-g++"]
            if name not in CROSS or not shutil.which(self.cxx[0]):
                self.cxx = None
            if name == "i386":
                lib = self.root + "/lib"
                self.qemu = []
                self.cc.append("-Wl,-rpath,%s,--dynamic-linker=%s/ld-linux.so.2" % (lib, lib))
            self.shim, self.tool = folder + "/libdumpalloc.so", folder + "/dumpalloc"
        self.slow = bool(self.qemu)  # an emulator: fewer rounds of the same do

    def missing(self):
        """Why it cannot be used, or None."""
        for program in [self.cc[0]] + self.qemu[:1]:
            if not shutil.which(program):
                return "%s is not installed" % program
        if not os.path.exists(self.shim):
            return "%s is not built" % self.shim
        return None

    def build(self, source, *flags, name=None):
        """Compile victims/SOURCE; flags after it. The path of the result."""
        path = source if source.startswith("/") else os.path.join(VICTIMS, source)
        out = self.test.path("%s-%s" % (self.name, name or os.path.splitext(os.path.basename(path))[0]))
        compiler = self.cxx if path.endswith(".cc") else self.cc
        argv = [*compiler, "-g", "-O1", "-Wall", "-I" + VICTIMS, "-o", out, path, *flags]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            self.test.die("cannot compile: %s\n%s" % (" ".join(argv), done.stdout.decode()))
        return out

    def plain(self, *argv, **kw):
        """Run it untouched."""
        env = dict(kw.pop("env", None) or {})
        return self.test.run(self.wrap(argv, env), env=env if not self.qemu else None, **kw)

    def direct(self, output, *argv, **kw):
        """Run it with the shim alone. @output: "FILE", or a dict of DUMPALLOC_ variables."""
        env = dict(kw.pop("env", None) or {})
        env.update(output if isinstance(output, dict) else {"DUMPALLOC_FILE": output})
        env["LD_PRELOAD"] = self.shim
        return self.test.run(self.wrap(argv, env), env=env if not self.qemu else None, **kw)

    def record(self, output, *argv, options=(), **kw):
        """Run it under dumpalloc record (not for a CPU under qemu-user, which cannot exec)."""
        return self.test.run([self.tool, "record", "-q", "-o", output, *options, "--", *argv], **kw)

    def wrap(self, argv, env):
        if not self.qemu:
            return list(argv)
        return self.qemu + [w for k, v in env.items() for w in ("-E", k + "=" + v)] + list(argv)


class Test:
    def __init__(self):
        self.name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.work = os.path.join(BUILD, "tests/work", "%s.%d" % (self.name, os.getpid()))
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work + "/tmp")
        self.checks = self.failures = 0
        self.prefix = ""
        self.mark = "E2E_MARK=%s" % self.work
        if not os.path.exists(TOOL):
            self.die("%s is not built" % TOOL)

    # -- verdicts

    def ok(self, condition, what):
        self.checks += 1
        if not condition:
            self.failures += 1
        if not condition or len(what) < 200:
            print("%s: %s%s" % ("ok" if condition else "FAIL", self.prefix, what), flush=True)
        return bool(condition)

    def equal(self, what, got, want):
        return self.ok(got == want, "%s: %s" % (what, got) if got == want else
                       "%s: got %s, wanted %s" % (what, got, want))

    def note(self, text):
        print("note: " + self.prefix + text, flush=True)

    def die(self, why):
        self.ok(False, why)
        self.finish()

    def skip(self, why):
        print("SKIP: " + why)
        shutil.rmtree(self.work, ignore_errors=True)
        sys.exit(1 if os.environ.get("CI") == "true" else 77)

    def need(self, *programs):
        for p in programs:
            if not shutil.which(p):
                self.skip("%s is not installed" % p)

    def finish(self):
        self.prefix = ""
        if self.checks:
            self.check_leftovers()
        print("%d checks, %d failures" % (self.checks, self.failures))
        if self.failures or not self.checks:
            print("left: " + self.work)
            sys.exit(1)
        shutil.rmtree(self.work, ignore_errors=True)
        sys.exit(0)

    # -- runs

    def path(self, name):
        return os.path.join(self.work, name)

    def environment(self, extra=None):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("DUMPALLOC") and k != "LD_PRELOAD"}
        env["TMPDIR"] = self.work + "/tmp"
        env["LC_ALL"] = "C.UTF-8"
        env.update([self.mark.split("=", 1)])
        env.update(extra or {})
        return env

    def run(self, argv, env=None, stdin=b"", cwd=None, hang=HANG, **kw):
        """Run to its end; negative status: the signal's number."""
        start = time.monotonic()
        cwd = cwd or self.work
        p = subprocess.Popen(argv, env=self.environment({"PWD": cwd, **(env or {})}), cwd=cwd,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, **kw)
        try:
            out, err = p.communicate(stdin, timeout=hang)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            raise Hung("%s did not end in %d s" % (" ".join(argv), hang))
        return Run(argv, p.returncode, out, err, time.monotonic() - start)

    def device(self):
        import device  # it imports this module
        return device.Device(self)

    def targets(self, *names):
        """Each target that is here; one that should be and is not, is a failure in CI."""
        names = os.environ.get("DUMPALLOC_TARGETS", "").split() or names
        for name in names:
            self.prefix = ""
            if name in CPUS and not os.path.exists(os.path.join(BUILD, "cross")):
                self.note("%s left out: no cross builds here" % name)
                continue
            target = self.device() if name == "device" else Target(self, name)
            why = target.missing()
            if why:
                self.note("%s left out: %s" % (name, why))
                if os.environ.get("CI") == "true":
                    self.ok(False, "%s can be used" % name)
                continue
            self.prefix = name + ": "
            try:
                yield target
            except Hung as e:
                self.ok(False, str(e))
        self.prefix = ""

    def report(self, recording, *options):
        """The JSON report as a dict."""
        out = self.path("report.json")
        r = self.run([TOOL, "report", "-q", "--format", "json:" + out, *options, recording])
        if r.status not in (0, 2) or not os.path.exists(out):
            self.die("report %s: status %d: %s" % (recording, r.status, r.errors))
        with open(out) as f:
            document = json.load(f)
        os.unlink(out)
        document["status"] = r.status
        self.check_sums(document)
        return document

    def golden(self, target, victim, *args, options=(), direct=False, **kw):
        """Record victim TRUTH-FILE args...; its truth, its report, its run."""
        truth, recording = self.path("truth"), self.path("recording.dalloc")
        for f in (truth, recording):
            if os.path.exists(f):
                os.unlink(f)
        if direct or target.qemu:
            r = target.direct(recording, victim, truth, *args, **kw)
        else:
            r = target.record(recording, victim, truth, *args, options=options, **kw)
        if not self.ok(r.status == 0, "the victim ran to its end (status %d)" % r.status):
            self.die(r.errors + r.text)
        if not os.path.exists(truth) or not os.path.exists(recording):
            self.die("no truth or no recording: " + r.errors)
        return Truth(truth), self.report(recording), r

    def ab(self, target, *argv, options=(), env=None, stdin=b"", recording=None):
        """The same without and with record: same output, same status. Returns both runs."""
        recording = recording or self.path("ab.dalloc")
        a = target.plain(*argv, env=env, stdin=stdin)
        if target.qemu:
            b = target.direct(recording, *argv, env=env, stdin=stdin)
            wanted = a.status
        else:
            b = target.record(recording, *argv, env=env, stdin=stdin,
                              options=["--force", *options])
            wanted = a.status if a.status >= 0 else 128 - a.status
        name = os.path.basename(argv[0])
        self.equal("%s: status" % name, b.status, wanted)
        self.same("%s: standard output" % name, a.out, b.out)
        self.same("%s: standard error" % name, a.err, b.err)
        return a, b

    def same(self, what, a, b):
        if a == b:
            return self.ok(True, "%s the same, %d bytes" % (what, len(a)))
        n = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        return self.ok(False, "%s differs from byte %d on: %r became %r"
                       % (what, n, a[max(0, n - 60):n + 120], b[max(0, n - 60):n + 120]))

    # -- checks of a report

    def check_sums(self, report):
        """seen = recorded + lost, and the sites sum up to the totals (estimates: nearly)."""
        q, t = report["quality"], report["totals"]
        lost = sum(q["events_lost"].values())
        if q["finished"]:
            self.equal("seen = recorded + lost", q["events_seen"], q["events_recorded"] + lost)
            self.equal("recorded = decoded", q["events_recorded"], q["events_decoded"])
        if report["recorder"]["sample_bytes"]:
            return
        for key in ("alloc_calls", "alloc_bytes", "live_bytes", "live_blocks", "peak_bytes", "peak_blocks"):
            if sum(s[key] for s in report["sites"]) != t[key]:
                self.ok(False, "the sites' %s do not sum up to the total" % key)

    def check_lossless(self, report):
        q = report["quality"]
        self.equal("lost", {k: v for k, v in q["events_lost"].items() if v}, {})
        self.equal("unknown frees", q["unknown_frees"], 0)
        self.ok(q["finished"], "the recording has its end")

    def check_sites(self, report, truth):
        """Each site of the truth, exactly. Returns what belongs to none: list of JSON sites."""
        got, others = group(report, truth.sites)
        wrong = []
        for name, want in truth.sites.items():
            have = got.get(name) or dict.fromkeys(want, 0)
            if any(have[k] != want[k] for k in want):
                wrong.append("%s: got %s, wanted %s" % (name, [have[k] for k in want], list(want.values())))
        self.ok(not wrong, "%d sites exact" % len(truth.sites) if not wrong else
                "%d of %d sites are wrong: %s" % (len(wrong), len(truth.sites), "; ".join(wrong[:4])))
        return others

    # -- leftovers

    def check_leftovers(self):
        for _ in range(20):
            left = self.processes()
            if not left:
                break
            time.sleep(0.1)
        self.equal("processes left behind", left, [])
        self.equal("files left in TMPDIR", os.listdir(self.work + "/tmp"), [])
        shm = [f for f in os.listdir("/dev/shm") if "dumpalloc" in f and not self.is_foreign(f)]
        self.equal("files left in /dev/shm", shm, [])

    @staticmethod
    def is_foreign(name):
        """Whether another recorder that still runs has it: its pid is in the name."""
        return any(os.path.exists("/proc/" + pid) for pid in re.findall(r"\d+", name))

    def processes(self):
        """Processes that have our mark in their environment."""
        found = []
        for pid in os.listdir("/proc"):
            if not pid.isdigit() or int(pid) == os.getpid():
                continue
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if self.mark.encode() in f.read():
                        with open("/proc/%s/stat" % pid) as s:
                            if s.read().rsplit(")", 1)[1].split()[0] != "Z":
                                found.append(int(pid))
            except OSError:
                pass
        return found


def group(report, names):
    """Sites by the innermost function of @names in their stack, and those with none."""
    got, others = {}, []
    for site in report["sites"]:
        name = next((f["function"] for f in site["stack"] if f["function"] in names), None)
        if name is None:
            others.append(site)
            continue
        sums = got.setdefault(name, {})
        for k, v in site.items():
            if isinstance(v, int) and not isinstance(v, bool):
                sums[k] = sums.get(k, 0) + v
    return got, others


def functions(site):
    return [f["function"] for f in site["stack"]]


def rss_kb(pid):
    """Resident memory, 0 when the process is gone."""
    try:
        with open("/proc/%d/status" % pid) as f:
            m = re.search(r"VmRSS:\s+(\d+)", f.read())
            return int(m.group(1)) if m else 0
    except OSError:
        return 0
