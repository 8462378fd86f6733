#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# H08: names made to harm whoever prints, parses or stores them, in every place of a recording that
# holds a name, and in every output: nothing that a terminal obeys, each document still parses, no
# file outside the directory.
import json
import os
import pty
import re
import subprocess

import lib
from trace_writer import simple

EVIL = {
    "escape": b"\x1b[31mred\x1b[0m", "title": b"\x1b]0;owned\x07", "clipboard": b"\x1b]52;c;cm0gLXJm\x07",
    "dcs": b"\x1bP$q\x1b\\", "query": b"\x1b[6n", "c1 as bytes": b"\x9b31m\x9d52;c;x\x9c",
    "c1 as UTF-8": b"\xc2\x9b31m\xc2\x9d0;x\xc2\x9c", "bidi": "a\u202eb\u2066c\u200bd\ufeff\u2028\u2029\u061c".encode(),
    "private, tags": "\ue000\U000e0041\U000f0000\U0010fffd".encode(), "zero": b"a\0b", "newline": b"a\nfn=(1) b\n+1 2\r\n\r",
    "tab, backspace, delete": b"a\tb\b\b\x7f\x0b\x0c", "percent": b"%n%s%n%1000000d%p", "number in parentheses": b"(1)x",
    "formula": b"=cmd|' /C calc'!A0", "markup": b"<script>alert(1)</script>&amp;\"'", "quotes": b"a\"b\\c'd`id`$(id);x",
    "bad UTF-8": b"\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82", "path": b"../../../../tmp/x/../y", "root": b"/",
    "dot": b".", "dots": b"..", "option": b"-o", "option with a value": b"--rootfs=/", "empty": b"", "space": b" ",
    "semicolons": b"a;b 5\nc;d 6", "braces": b"{}[]:,", "combining": "z\u0300\u0301\u0302".encode() * 300,
    "wide": "\u3042\U0001f600".encode() * 40, "long": b"x" * 4000, "long path": b"/d" * 2000, "callgrind": b"calls=1 0\n0 9\nevents: A\n",
}
FORMATS = ("text", "callgrind", "json", "folded")
BIDI = re.compile("[\u0080-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ue000-\uf8ff]"
                  "|[\U000e0000-\U000e0fff\U000f0000-\U0010ffff]")

test = lib.Test()
test.need("callgrind_annotate")
folder = test.path("here/inner")
os.makedirs(folder)
empty = test.path("empty")
os.mkdir(empty)


def faults_of(text, is_terminal=False):
    """What a terminal would obey, or hide."""
    faults = []
    if is_terminal:
        text = text.replace(b"\r\n", b"\n")
    raw = sorted(set(text) & ({*range(32)} - {10} | {0x7f}))
    if raw:
        faults.append("bytes %s" % raw)
    try:
        found = sorted(set(BIDI.findall(text.decode())))
        if found:
            faults.append("characters %s" % found)
    except UnicodeDecodeError as e:
        faults.append("no UTF-8: %s" % e)
    return faults


def on_terminal(argv):
    """Standard output and error of it on a terminal."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen(argv, env=test.environment({"TERM": "xterm"}), cwd=folder, stdin=subprocess.DEVNULL,
                         stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    p.wait()
    return re.sub(rb"\rreading: [ -~]*\r\x1b\[K", b"", text)  # our own line of progress


def check_callgrind(path, name):
    text = open(path, "rb").read()
    faults = faults_of(text)
    done = test.run(["callgrind_annotate", "--show-percs=no", "--threshold=100", path], cwd=folder)
    if done.status or done.err:
        faults.append("callgrind_annotate: %d %s" % (done.status, done.errors[:200]))
    for line in text.decode(errors="replace").split("\n"):
        if not re.match(r"^(|#.*|\w+:( .*)?|c?(fn|ob|fl|fi|fe)=\(\d+\)( .*)?|calls=\d+ [\d+*-]+|[\d+*-]+( \d+)*)$", line):
            faults.append("line %r" % line[:100])
    return faults


def check_json(text):
    try:
        document = json.loads(text)
    except ValueError as e:
        return ["json: %s" % e]
    faults = faults_of(text.replace(b"\\\\", b"").replace(b"\\u00", b"\\x"))
    if document["totals"]["alloc_calls"] != 3 or document["totals"]["alloc_bytes"] != 6000:
        faults.append("json: totals %s" % document["totals"])
    strings = []
    gather(document, strings)
    faults += sum((faults_of(s.encode()) for s in strings), [])
    return faults


def gather(value, into):
    if isinstance(value, str):
        into.append(value)
    for v in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        gather(v, into)


def check_folded(text):
    lines = text.decode(errors="replace").splitlines()
    bad = [x for x in lines if not re.match(r"^[^;]+(;[^;]+)* \d+$", x)]
    faults = ["folded: %r" % bad[:2]] if bad else []
    if not bad and sum(int(x.rsplit(" ", 1)[1]) for x in lines) != 6000:
        faults.append("folded: sum of %r" % lines)
    return faults + faults_of(text)


def files():
    """All below the test's folder."""
    return {os.path.relpath(os.path.join(d, f), test.work) for d, _, names in os.walk(test.work) for f in names}


def check(name, data):
    path = os.path.join(folder, "r.dalloc")
    with open(path, "wb") as f:
        f.write(data)
    argv = [lib.TOOL, "report", "--rootfs", empty]
    before, faults = files(), []
    text = on_terminal([*argv, "--color=never", "--all", path])  # text here, Callgrind under its own name
    faults += ["terminal: " + f for f in faults_of(text, True)]
    new = files() - before
    mine = [f for f in new if re.match(r"^here/inner/[A-Za-z0-9_][A-Za-z0-9._-]{0,80}\.callgrind$", f)]
    if len(new) != 1 or len(mine) != 1:
        faults.append("files %s" % sorted(new))
    faults += sum((check_callgrind(os.path.join(test.work, f), name) for f in mine), [])
    for form in ("text", "json", "folded"):
        r = test.run([*argv, "--format", form, "-s", "bytes", path], cwd=folder)
        faults += [] if r.status == 0 else ["%s: status %d" % (form, r.status)]
        faults += {"text": faults_of, "json": check_json, "folded": check_folded}[form](r.out)
        faults += ["%s: standard error: %s" % (form, f) for f in faults_of(r.err)]
    for f in new | {"here/inner/r.dalloc"}:
        os.unlink(os.path.join(test.work, f))
    return faults


def places(evil):
    """(where, recording) with the name in each place that has one."""
    path = b"/" + evil[:4095]
    yield "everywhere", simple([path, evil[:4096], b"/lib/x.so"], program=evil, cmdline=evil + b"\0" + evil + b"\0",
                               host=evil, kernel=evil, version=evil, thread_name=evil[:4096], note=evil[:4096])
    yield "program", simple([b"/a", b"/b", b"/c"], program=evil)


for target in test.targets("native"):
    for name, evil in EVIL.items():
        for where, data in places(evil):
            test.equal("%s, %s: faults" % (name, where), check(name, data)[:4], [])
    # the most that the header has room for
    huge = b"\x1b[2J\xc2\x9b%n" * 8000
    data = simple([b"/a", b"/b", b"/c"], program=huge[:32000], cmdline=(b"%n\x1b]0;x\x07" * 3400)[:32000])
    test.equal("a program's name of 32 KB: faults", check("huge", data)[:4], [])
    big = simple([b"/a", b"/b", b"/c"], program=b"y" * 2 ** 20)
    with open(test.path("big.dalloc"), "wb") as f:
        f.write(big)
    r = test.run([lib.TOOL, "report", test.path("big.dalloc")])
    test.equal("a name of 1 MB: status, no output", (r.status, r.out), (1, b""))
    test.ok("header is damaged" in r.errors, "a name of 1 MB: " + r.errors.strip())
test.equal("files beside the directory", sorted(f for f in files() if "inner" not in f and "native" not in f), ["big.dalloc"])
test.finish()
