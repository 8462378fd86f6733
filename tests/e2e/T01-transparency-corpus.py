#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# T01: ordinary programs write the same and end the same when they are recorded.
import os
import shutil
import subprocess

import lib

test = lib.Test()
target = lib.Target(test, "native")
SAMPLE = os.path.join(lib.SRC, "src")
TEXT = os.path.join(lib.SRC, "COPYING")
WITHOUT_HEAP = ("gzip", "true")  # as Valgrind says too
missing, ran, calls = [], 0, 0


def ask_gcc(option):
    return subprocess.run(["gcc", option], stdout=subprocess.PIPE, text=True).stdout.strip()


def ab(name, *argv, stdin=b"", env=None, clean=()):
    """The same program without and with record. @clean: files it makes, compared and removed."""
    global ran, calls
    program = argv[0] if "/" in argv[0] else shutil.which(argv[0])
    if not program or not os.path.exists(program):
        missing.append(argv[0])
        return
    test.prefix = name + ": "
    made = []
    recording = test.path("t01.dalloc")
    base = {"HOME": test.work, "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC", **(env or {})}
    for traced in (False, True):
        if traced:
            r = target.record(recording, program, *argv[1:], env=base, stdin=stdin, options=["--force"])
        else:
            a = r = target.plain(program, *argv[1:], env=base, stdin=stdin)
        made.append([open(test.path(f), "rb").read() for f in clean])
        for f in clean:
            os.unlink(test.path(f))
    wanted = a.status if a.status >= 0 else 128 - a.status
    same = (r.status, r.out, r.err) == (wanted, a.out, a.err)
    if not same:
        test.equal("status", r.status, wanted)
        test.same("standard output", a.out, r.out)
        test.same("standard error", a.err, r.err)
    test.ok(made[0] == made[1], "the files it made are the same") if clean else None
    report = test.run([lib.TOOL, "report", "-q", "--rootfs", test.path("tmp"), "--format", "json:-", recording])
    document = lib.json.loads(report.out)
    quality, totals = document["quality"], document["totals"]
    lost = sum(quality["events_lost"].values())
    test.ok(same and lost == 0 and quality["unknown_frees"] == 0
            and (totals["alloc_calls"] > 0) != (name in WITHOUT_HEAP)
            and quality["events_recorded"] == quality["events_decoded"],
            "status %d, %d bytes out, %d err; %d blocks, %d lost, %d unknown frees"
            % (a.status, len(a.out), len(a.err), totals["alloc_calls"], lost, quality["unknown_frees"]))
    ran += 1
    calls += totals["alloc_calls"]


def write(name, text):
    with open(test.path(name), "w") as f:
        f.write(text)
    return test.path(name)


# -- shells
ab("bash arithmetic", "bash", "-c", "s=0; for i in {1..3000}; do s=$((s+i)); a[i]=$s; done; echo $s ${#a[@]}")
ab("bash pipes", "bash", "-c", "for i in 1 2 3; do echo $i | tr 1-3 a-c; done; x=$(ls /usr | wc -l); echo $x; false")
ab("bash functions", "bash", write("f.sh", "f() { local n=$1; ((n)) && f $((n-1)); echo -n $n,; }\nf 60\n"
                                   "declare -A m; m[a]=1; m[b]=2; for k in a b; do echo $k ${m[$k]}; done\n"
                                   "trap 'echo trapped' EXIT; kill -TERM $BASHPID\n"))
ab("bash strings", "bash", "-c", "s=$(cat %s); echo ${#s}; echo ${s//the/THE} | head -c 2000; read -r l; echo $l; exit 9" % TEXT,
   stdin=b"a line\n")
ab("bash here-document", "bash", "-c", "cat <<E | sort\nc\nb\na\nE\nwait; echo done >&2; exit 3")
ab("dash", "sh", "-c", "i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; echo $i; set -- a b; echo $#; nosuchcommand")

# -- git, on a repository made here
repo = test.path("repo")
fixed = {"GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
         "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
         "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com"}
if shutil.which("git"):
    shutil.copytree(SAMPLE + "/base", repo)
    git = ["git", "-C", repo, "-c", "init.defaultBranch=main", "-c", "gc.auto=0"]
    for step in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        target.plain(*git, *step, env={**fixed, "HOME": test.work})
    for f in sorted(os.listdir(repo)):
        if f.endswith(".c"):
            with open(os.path.join(repo, f), "a") as out:
                out.write("/* changed */\n")
    ab("git status", *git, "status", "--porcelain", env=fixed)
    ab("git diff", *git, "diff", "--stat", "-p", env=fixed)
    ab("git log", *git, "log", "-p", "--stat", env=fixed)
    ab("git grep", *git, "grep", "-n", "static", env=fixed)
    ab("git fsck", *git, "fsck", "--full", env=fixed)
    ab("git archive", *git, "archive", "--format=tar", "HEAD", env=fixed)
    ab("git blame", *git, "blame", "HEAD", "--", "fmt.c", env=fixed)
    ab("git error", *git, "show", "nosuchthing", env=fixed)
else:
    missing.append("git")

# -- languages
python = "/usr/bin/python3"
hashes = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
ab("python dicts", python, "-c", "d={str(i):[i]*9 for i in range(9999)}; print(len(d), sum(map(len, d.values())))", env=hashes)
ab("python malloc", python, "-c", "import json,re; s=json.dumps([{'a':i} for i in range(2000)]); print(len(json.loads(s)),"
   " len(re.findall(r'\\d+', s)))", env={**hashes, "PYTHONMALLOC": "malloc"})
ab("python threads", python, "-c", "import threading as t; r=[]; a=[t.Thread(target=lambda i=i: r.append(i)) for i in range(30)];"
   "[x.start() for x in a]; [x.join() for x in a]; print(sorted(r))", env=hashes)
ab("python subprocess", python, "-c", "import subprocess as s,os; print(s.run(['ls','/'],capture_output=True).stdout);"
   "print([k for k in os.environ if k.startswith(('DUMP','LD_'))]); raise SystemExit(4)", env=hashes)
ab("python traceback", python, "-c", "def f(n): return f(n-1) if n else 1/0\nf(50)", env=hashes)
ab("python fds", python, "-c", "import os; print(sorted(os.listdir('/proc/self/fd'))); print(os.open('/dev/null', 0))", env=hashes)
ab("perl", "perl", "-e", "my %h; $h{$_ % 97} .= $_ for 1..20000; print join(',', map {length $h{$_}} sort {$a<=>$b} keys %h), \"\\n\"; die 'x'")
ab("perl regex", "perl", "-ne", "print if /\\b(w|W)\\w+ing\\b/; END { warn $. }", TEXT)
ab("awk", "awk", "{ n[length($0)]++ } END { for (i = 0; i < 100; i++) print i, n[i] }", TEXT)
ab("gawk", "gawk", "{ gsub(/e/, \"EE\"); a[NR] = $0 } END { print length(a), a[9]; exit 5 }", TEXT)
ab("sed", "sed", "-e", "s/\\(free\\)\\(ly\\)/\\2\\1/g;y/abc/xyz/;/^$/d;$!N;P;D", TEXT)
ab("bc", "bc", "-l", stdin=b"scale=300\n4*a(1)\n2^3000\n1/0\n")
ab("m4", "m4", stdin=b"define(`x', `ifelse($1, 0, , `$1 x(decr($1))')')x(200)\n")
ab("tclsh", "tclsh", stdin=b"set l {}; for {set i 0} {$i < 3000} {incr i} {lappend l [string repeat x $i]}; puts [llength $l]\n")

# -- the compiler, its real process
many = "".join("int g%d(int *p, int n) { for (int i = 0; i < n; i++) p[i] = p[i] * %d + i; return p[n/2]; }\n" % (i, i)
               for i in range(200))
source = write("c.c", "#include <stdio.h>\n#include <stdlib.h>\n" + many + "static int f(int n) { return n < 2 ? n : f(n-1) + f(n-2); }\n"
               "int main(int c, char **v) { printf(\"%d\\n\", f(c + atoi(v[1]))); int unused; return 0; }\n")
cc1 = ask_gcc("-print-prog-name=cc1")
headers = ["-imultiarch", ask_gcc("-print-multiarch")]
if os.path.exists(cc1):
    ab("cc1 -O2", cc1, "-quiet", *headers, "-O2", "-Wall", source, "-o", test.path("c.s"), clean=["c.s"])
    ab("cc1 error", cc1, "-quiet", write("bad.c", "int main( { return x; }\n"), "-o", "/dev/null")
else:
    missing.append("cc1")
ab("gcc", "gcc", "-O2", "-c", source, "-o", test.path("c.o"), clean=["c.o"])
target.plain("gcc", "-g", "-c", source, "-o", test.path("d.o"))
ab("as", "as", "-o", test.path("e.o"), write("e.s", ".text\nf: ret\n.globl f\n"), clean=["e.o"])
ab("objdump", "objdump", "-dSr", test.path("d.o"))
ab("readelf", "readelf", "-aW", test.path("d.o"))
ab("nm", "nm", "--format=sysv", target.shim)

# -- files and texts
ab("tar create", "tar", "-C", SAMPLE, "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-cf", "-", "base", "codec")
tarball = subprocess.run(["tar", "-C", SAMPLE, "-cf", "-", "base"], stdout=subprocess.PIPE).stdout
ab("tar list", "tar", "-tf", "-", stdin=tarball)
ab("gzip", "gzip", "-9nc", TEXT)
ab("bzip2", "bzip2", "-c", TEXT)
ab("xz", "xz", "-6c", TEXT)
ab("xz threads", "xz", "-T2", "-0c", "--block-size=10000", TEXT)
ab("zstd", "zstd", "-qc", TEXT)
ab("sort", "sort", "-k2", "-u", "--parallel=2", "-S1M", TEXT)
ab("diff", "diff", "-u", TEXT, os.path.join(lib.SRC, "COPYING.LESSER"))
ab("grep", "grep", "-rnE", "(static|extern) [a-z]+", SAMPLE + "/base")
ab("find", "find", SAMPLE + "/base", "-name", "*.h", "-printf", "%f %s\n")
ab("ls", "ls", "-laR", SAMPLE)
ab("wc", "wc", TEXT, "/nonexistent")
ab("cut", "cut", "-c", "3-20", TEXT)
ab("od", "od", "-Ax", "-tx1z", TEXT)
ab("sha256sum", "sha256sum", TEXT)
ab("date", "date", "-u", "-d", "@1234567890")
ab("env", "env", env={"LD_LIBRARY_PATH": "/nowhere"})
ab("file", "file", "-b", TEXT, "/bin/ls")
ab("make", "make", "-f", write("mf", "all: a b\n\t@echo all $^\na b:\n\t@echo making $@\nbad:\n\tfalse\n"), "all", "bad")
ab("openssl", "openssl", "dgst", "-sha512", TEXT)

# -- data
ab("sqlite3", "sqlite3", ":memory:", stdin=b"create table t(a integer primary key, b text);\n"
   b"with recursive c(x) as (select 1 union all select x+1 from c where x < 3000) insert into t select x, hex(x*x) from c;\n"
   b"create index i on t(b); select count(*), sum(length(b)) from t; select * from t where b like '39%' limit 5; bad;\n")
ab("jq", "jq", "-c", "[.[] | {k: .a, v: (.b | length)}] | group_by(.v)",
   stdin=lib.json.dumps([{"a": i, "b": "x" * (i % 7)} for i in range(500)]).encode())
ab("true", "true")
ab("a signal", "sh", "-c", "kill -SEGV $$")

test.prefix = ""
test.note("%d programs, %d blocks; not installed: %s" % (ran, calls, " ".join(missing) or "none"))
test.ok(ran >= 30, "%d programs ran" % ran)
test.finish()
