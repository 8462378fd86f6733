#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The totals are Valgrind's "total heap usage". Prints a table; a difference is only accepted where its
# cause is known and its size is worked out beforehand:
#
#  environment  A program that copies its environment copies what each tool has put there. Valgrind adds
#               four (LD_PRELOAD and the like), we none that it can see: the program is recorded once more with
#               variables of the same number and lengths, and then must agree to the byte.
#  dtv          glibc sizes each thread's dtv by the number of modules with thread-local variables; the
#               shim is one more: 16 bytes (two words) per thread that is made.
#  ints         A Python int that holds an address is wider where addresses are larger; see wider_ints().
#  new char[0]  Valgrind replaces operator new; libstdc++'s own asks malloc for one byte, not none.
import collections
import re
import shutil
import subprocess

import lib

test = lib.Test()
test.need("valgrind")
target = lib.Target(test, "native")
TEXT = lib.SRC + "/COPYING"
OTHER = lib.SRC + "/COPYING.LESSER"
WORD = 8
rows = []


def valgrind(argv, stdin, env, *options):
    log = test.path("valgrind.log")
    r = test.run(["valgrind", *options, "--run-libc-freeres=no", "--run-cxx-freeres=no", "--log-file=" + log, *argv],
                 env=env, stdin=stdin)
    m = re.search(r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes", open(log).read())
    if not m:
        test.die("valgrind %s: %s" % (argv[0], open(log).read()))
    return tuple(int(n.replace(",", "")) for n in m.groups()), r


def dumpalloc(argv, stdin, env):
    recording = test.path("v.dalloc")
    r = target.record(recording, *argv, options=["--force"], stdin=stdin, env=env)
    out = test.run([lib.TOOL, "report", "-q", "--rootfs", test.path("tmp"), "--format", "json:-", recording])
    report = lib.json.loads(out.out)
    t = report["totals"]
    sizes = {s["size"]: s["calls"] for s in report["sizes"] if "size_max" not in s}
    return (t["alloc_calls"], t["free_calls"], t["alloc_bytes"]), r, sizes


def traced_sizes(argv, stdin, env):
    """How often Valgrind saw which size."""
    sizes = collections.Counter()
    valgrind(argv, stdin, env, "--trace-malloc=yes")
    with open(test.path("valgrind.log"), errors="replace") as f:
        for line in f:
            m = re.match(r"--\d+-- (?:malloc\(|realloc\(0x\w+,|calloc\((\d+),)(\d+)\)", line)
            if m:
                sizes[int(m.group(2)) * int(m.group(1) or 1)] += 1
    return sizes


def wider_ints(argv, stdin, env, sizes):
    """
    A Python int takes 28 bytes below 2^30, and 32 from there to 2^60. Those that hold an
    address (a thread's, a type's) are below only under Valgrind. How many changed so, if nothing else did.
    """
    theirs = traced_sizes(argv, stdin, env)
    changed = {n: sizes.get(n, 0) - theirs.get(n, 0) for n in set(sizes) | set(theirs)
               if sizes.get(n, 0) != theirs.get(n, 0)}
    n = changed.get(32, 0)
    return n if changed == {28: -n, 32: n} else 0


def valgrinds_variables():
    """What Valgrind adds to the environment, under names that the loader does not know."""
    seen = subprocess.run(["valgrind", "-q", "env"], env={"A": "1", "PATH": "/usr/bin:/bin"},
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    added = dict(v.split("=", 1) for v in seen.splitlines()
                 if v.split("=")[0] not in ("A", "PATH", "PWD"))  # PWD is everybody's
    return {name.replace("LD_", "XD_"): value for name, value in added.items()}


def compare(name, *argv, stdin=b"", env=None, threads=0, empty_news=0, copies_environment=False,
            same_output=True):
    if not shutil.which(argv[0]):
        test.note("%s left out: not installed" % argv[0])
        return
    a, va = valgrind(argv, stdin, env)
    b, rb, sizes = dumpalloc(argv, stdin, env)
    why, wanted = "", a
    if threads:
        wanted = (a[0], a[1], a[2] + 2 * WORD * threads)
        why = "%d bytes: dtv of %d threads" % (2 * WORD * threads, threads)
    if empty_news:
        wanted = (a[0], a[1], a[2] + empty_news)
        why = "%d byte: libstdc++'s new char[0] is malloc(1)" % empty_news
    if copies_environment and b != wanted:
        without = b
        b, rb, sizes = dumpalloc(argv, stdin, {**(env or {}), **valgrinds_variables()})
        n = wider_ints(argv, stdin, env, sizes)
        wanted = (a[0], a[1], a[2] + 4 * n)
        why = ("with Valgrind's variables, without them %d %d %d; 4 bytes more in %d ints that hold addresses"
               % (*without, n))
    rows.append((name, a, b, "; ".join(filter(None, ["" if b != wanted else "equal" if a == b else "explained",
                                                     "DIFFERENT" if b != wanted else why]))))
    test.ok(b == wanted and (va.out == rb.out or not same_output), "%s: %s, valgrind %s %s" % (name, b, a, why))


compare("C, 200 sites", target.build("l01.c"), "/dev/null", "20000")
compare("C, every entry point", target.build("l02.c", "-fno-builtin", "-DBOOKS_ONLY", "-DFOR_VALGRIND"), test.path("t"),
        same_output=False)  # it prints usable sizes
compare("C, realloc to nothing", target.build("l04.c", "-fno-builtin"), test.path("t"), "500")
compare("C, end of threads", target.build("l08.c", "-pthread", "-ldl"), test.path("t"), "1", threads=1)
compare("C, 8 threads", target.build("l05.c", "-pthread"), test.path("t"), "8", "2000", threads=8)
compare("C++, new and delete", target.build("l02xx.cc", "-std=c++17", "-Wno-unused-result", "-DFOR_VALGRIND"),
        test.path("t"), empty_news=1)
compare("sqlite3", "sqlite3", ":memory:", stdin=b"create table t(a integer primary key, b text);\n"
        b"with recursive c(x) as (select 1 union all select x+1 from c where x < 2000) insert into t select x, hex(x*x) from c;\n"
        b"create index i on t(b); select count(*), sum(length(b)) from t; select * from t where b like '39%' limit 5;\n")
compare("jq", "jq", "-c", "[.[] | {k: .a, v: (.b | length)}] | group_by(.v)",
        stdin=lib.json.dumps([{"a": i, "b": "x" * (i % 7)} for i in range(300)]).encode())
compare("xz", "xz", "-2c", TEXT)
compare("sort", "sort", "-k2", "--parallel=1", TEXT)
compare("diff", "diff", "-u", TEXT, OTHER)
compare("grep", "grep", "-nE", "(free|libre) [a-z]+", TEXT)
compare("ls", "ls", "-la", "/usr")
compare("python3", "/usr/bin/python3", "-S", "-c", "d = {str(i): [i] * 3 for i in range(3000)}; print(len(d))",
        env={"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc", "PYTHONDONTWRITEBYTECODE": "1"}, copies_environment=True)

print("\n%-24s %28s %28s  %s" % ("program", "valgrind allocs/frees/bytes", "dumpalloc", ""))
for name, a, b, word in rows:
    print("%-24s %28s %28s  %s" % (name, "%d %d %d" % a, "%d %d %d" % b, word))
test.finish()
