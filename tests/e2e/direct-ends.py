#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Direct mode at ends that are none, or come in the middle of a write: a vfork child's _exit() is not the
# program's, a handler's _exit() ends a program whose reader has stopped reading, and a file of the program
# at the descriptor's number is left alone, also where the kernel has no statx().
import os
import shutil
import threading
import time

import lib

test = lib.Test()


def read_little(path, stop):
    """A reader that takes a page now and then: the writer's pipe is always full."""
    with open(path, "rb", buffering=0) as f:
        while not stop.wait(0.2):
            if not f.read(4096):
                return


def check_handler(target, victim):
    pipe, stop = test.path("pipe"), threading.Event()
    os.mkfifo(pipe)
    reader = threading.Thread(target=read_little, args=(pipe, stop))
    reader.start()
    time.sleep(0.2)
    r = target.direct(pipe, victim, "handler", hang=20)
    stop.set()
    reader.join()
    os.unlink(pipe)
    test.equal("_exit() in a handler during a write: status", r.status, 3)


def check_vfork(target, victim):
    recording = test.path("r.dalloc")
    r = target.direct(recording, victim, "vfork")
    test.equal("after vfork: status", r.status, -9)
    report = test.report(recording)
    test.equal("after vfork: the end that was not", report["process"]["end"], "unknown")
    size = os.path.getsize(recording)
    test.ok(size < 1000000, "after vfork: %d bytes for 100,000 events" % size)


def check_reuse(target, victim):
    env = {"DUMPALLOC_FILE": test.path("r.dalloc"), "LD_PRELOAD": target.shim}
    argv = ["env", *(k + "=" + v for k, v in env.items()), victim, "reuse", test.path("mine")]
    old = ["strace", "-f", "-o", "/dev/null", "-e", "inject=statx:error=ENOSYS"]
    test.equal("bytes written into the program's file", test.run(argv).text, "0\n")
    if shutil.which("strace"):
        test.equal("the same without statx()", test.run(old + argv).text, "0\n")


for target in test.targets("native", "musl"):
    victim = target.build("ends.c", "-fno-builtin")
    check_handler(target, victim)
    check_vfork(target, victim)
    check_reuse(target, victim)
test.finish()
