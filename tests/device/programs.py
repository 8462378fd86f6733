#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's programs recorded on the device: how many stacks are complete, what the recorder has of memory,
the same over TCP; or, with --cost, the CPU time that recording takes there.

Usage: programs.py RIG DUMPALLOC TOOL    TOOL: the device's dumpalloc, DUMPALLOC the PC's
"""
import argparse
import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
REAL = os.path.join(HERE, "../unwind/truth/real")
PERL = " ".join("-I/usr/" + d for d in ("lib/mipsel-linux-gnu/perl-base", "share/perl/5.36",
                                        "lib/mipsel-linux-gnu/perl/5.36"))
MAGIC = "-m /usr/lib/file/magic.mgc"

# Words are split by the guest's shell; each has a folder with its input.
PROGRAMS = {
    "bash": "bash work.bash", "busybox": "busybox ash work.ash", "busybox-awk":
    "busybox awk -f short.awk input", "sqlite3": "sqlite3 test.db", "python3": "python3.11 work.py",
    "perl": "perl %s work.pl" % PERL, "lua": "lua5.4 work.lua", "jq": "jq -f work.jq data.json",
    "gawk": "gawk -f work.awk input", "curl": "curl -sS file:///etc/passwd http://127.0.0.1:1/",
    "file": "file %s -k /bin/bash input data.json /usr/lib/lighttpd" % MAGIC,
    "dropbearkey": "dropbearkey -t ecdsa -f key", "lighttpd": "lighttpd -p -f lighttpd.conf",
    "dnsmasq": "dnsmasq --test --addn-hosts=/etc/hosts", "mosquitto": "mosquitto -h",
}
COSTS = {"shell": "bash loop.bash", "sqlite3": "sqlite3 :memory:", "python3": "python3.11 loop.py"}
HOWS = {"none": "--compress=none", "fast": "--compress=fast", "alloc": "--compress=none --stacks=alloc",
        "sample": "--compress=none --sample=64k"}

INPUTS = {
    "input": "".join("word%d a%d:b x y %d\n" % (i % 7, i, i * i) for i in range(200)),
    "input.sh": "echo sourced; s() { echo in s; }; s\n",
    "short.awk": "{ n[$1]++; s = s $2 } END { for (k in n) print k, n[k], length(s) }\n",
    "data.json": '{"items": [%s], "map": {"a": 1, "b": [true, null]}}' % ", ".join(
        '{"name": "%s%d", "price": %d.5, "kind": "k%d", "deep": {"x": [[%d]]}}' %
        ("abcdefgh"[i % 8], i, i % 9, i % 3, i) for i in range(40)),
    "lighttpd.conf": 'server.document-root = "/tmp"\nserver.modules = ("mod_access", "mod_redirect")\n'
                     'index-file.names = ("index.html")\nmimetype.assign = (".html" => "text/html")\n',
    "loop.bash": 'for ((i = 0; i < 400; i++)); do a[i % 50]="x$i ${a[(i + 7) % 50]:0:20}"; '
                 'case ${a[i % 50]} in *99*) b=(${a[@]:0:9});; esac; done\n',
    "loop.sql": "CREATE TABLE t(i INTEGER PRIMARY KEY, s TEXT); WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL "
                "SELECT i + 1 FROM c WHERE i < 1500) INSERT INTO t SELECT i, printf('row %d', i * 7919 % 1500) FROM c; "
                "CREATE INDEX x ON t(s); SELECT count(*), max(s) FROM t WHERE s LIKE '%9%'; "
                "SELECT s, group_concat(i) FROM t GROUP BY substr(s, 1, 6) LIMIT 3;\n",
    "loop.py": "import json\nd = [{'k%d' % i: [i, str(i), {'x': i / 3}]} for i in range(100)]\n"
               "for r in range(2):\n\ts = json.dumps(d); d = json.loads(s)\n\tl = sorted(s.split(','), key=len)\n"
               "print(len(s), len(l))\n",
}

START = """
chmod 1777 /tmp
mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
total=$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)
dd if=/dev/zero of=/run/taken bs=1k count=$((total - {memory})) 2>/dev/null
mkdir -p /var/w/out; cp /host/tool /var/dumpalloc; cp /host/in/* /var/w; cd /var/w
peak() { # of a process that runs: KB
	most=0
	while now=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$1/status 2>/dev/null) && [ "$now" ]; do
		most=$now; sleep 0.1
	done
	echo $most
}
"""

# The recorder forks its child, so it keeps its pid.
QUALITY = """
rm -f test.db key
input=/dev/null; [ {name} = sqlite3 ] && input=work.sql
echo {name} $(cut -d" " -f1 /proc/uptime)
timeout 60 {command} <$input >out/{name}.native 2>&1; echo $? >out/{name}.status
rm -f test.db key
/var/dumpalloc record -q -o out/{name}.dalloc -- {command} <$input >out/{name}.traced 2>&1 &
pid=$!; (sleep 90; kill $pid) 2>/dev/null & watch=$!
peak $pid >out/{name}.kb; wait $pid; status=$?; kill $watch; echo $status >>out/{name}.status
# echo $? >>out/{name}.status
rm -f test.db key
timeout 90 /var/dumpalloc record -q --server=10.0.2.2:{port} -- {command} <$input >out/{name}.sent 2>&1; echo $? >>out/{name}.status
"""

COST = """
input=/dev/null; [ {name} = sqlite3 ] && input=loop.sql
bash -c 'TIMEFORMAT="%U %S"; time {recorder} {command} <'$input' >/dev/null' 2>out/time
echo {name} {how} $(tail -n 1 out/time) $(ls -l out/r.dalloc 2>/dev/null | awk '{{print $5}}') | tee -a out/cost
rm -f out/r.dalloc
"""


def boot(o, script, machine="-cpu 24Kf -m 64"):
    """Run it; out/ of the guest, in a new folder."""
    with tempfile.TemporaryDirectory() as share, socket.create_server(("127.0.0.1", 0)) as back:
        os.mkdir(share + "/in")
        shutil.copy(o.tool, share + "/tool")
        for path in glob.glob(REAL + "/work.*"):
            shutil.copy(path, share + "/in")
        for name, text in INPUTS.items():
            with open(os.path.join(share, "in", name), "w") as f:
                f.write(text)
        with open(share + "/run-me.sh", "w") as f:
            f.write(START.replace("{memory}", "40960") + script + "tar -cf - out | nc -N 10.0.2.2 %d\n" % back.getsockname()[1])
        folder = tempfile.mkdtemp(prefix="device-")
        back.settimeout(o.limit)
        with subprocess.Popen([os.path.join(o.rig, "run-rig.sh"), "-t", str(o.limit), "-q", machine,
                               share], stdin=subprocess.DEVNULL) as rig:
            with back.accept()[0] as s, s.makefile("rb") as stream:
                subprocess.run(["tar", "-x", "-C", folder], input=stream.read(), check=True)
            rig.wait()
    return folder + "/out/"


def facts(o, recording):
    done = subprocess.run([o.dumpalloc, "report", "-q", "--format", "json:-", recording], stdout=subprocess.PIPE)
    q = json.loads(done.stdout)["quality"]
    complete, stopped = q["stacks_complete"], q.get("stacks_stopped", 0)
    return q, complete, stopped


def read(path):
    with open(path) as f:
        return f.read().split()


def quality(o):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    received = tempfile.mkdtemp(prefix="received-")
    listener = subprocess.Popen([o.dumpalloc, "listen", "--live=none", "-q", "127.0.0.1:%d" % port], cwd=received)
    out = boot(o, "".join(QUALITY.format(name=n, command=c, port=port) for n, c in PROGRAMS.items()))
    listener.terminate()
    listener.wait()
    print(out, received)
    for name in PROGRAMS:
        print(name, read(out + name + ".status"), "recorder %s KB" % read(out + name + ".kb")[0],
              os.path.getsize(out + name + ".dalloc"), json.dumps(facts(o, out + name + ".dalloc")[0]), flush=True)
    for path in sorted(glob.glob(received + "/*")):
        print("tcp", os.path.basename(path), json.dumps(facts(o, path)[0]), flush=True)


def cost(o):
    script = "rm /run/taken\n"
    for _ in range(o.rounds):
        for name, command in COSTS.items():
            for how, options in {"native": None, **HOWS}.items():
                recorder = "" if options is None else "/var/dumpalloc record -q -o out/r.dalloc %s --" % options
                script += COST.format(name=name, how=how, recorder=recorder, command=command)
    # Time is counted in instructions, 8 ns each, so that the PC's own load is not in it.
    with open(boot(o, script, "-cpu 24Kf -m 64 -icount shift=3") + "cost") as f:
        print(f.read())


p = argparse.ArgumentParser()
p.add_argument("rig")
p.add_argument("dumpalloc")
p.add_argument("tool")
p.add_argument("--cost", action="store_true")
p.add_argument("--rounds", type=int, default=3)
p.add_argument("--only", default=",".join(PROGRAMS), help="programs")
p.add_argument("--limit", type=int, default=600, help="seconds")
o = p.parse_args()
PROGRAMS = {n: PROGRAMS[n] for n in o.only.split(",")}
(cost if o.cost else quality)(o)
